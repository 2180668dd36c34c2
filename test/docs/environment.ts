import type { TestServer } from '../servers.ts'

/** What a block may read: what `sluice serve` prints. */
export function environmentOf(server: TestServer): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    AWS_REGION: server.region,
    BUCKET: server.bucket,
  }
}
