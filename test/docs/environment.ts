import type { TestServer } from '../servers.ts'

/** What a block may read: the server as `s3FromEnvironment` reads it, and `BUCKET`, a bucket of it. */
export function environmentOf(server: TestServer): Record<string, string> {
  return {
    SLUICE_S3_ENDPOINT: server.endpoint,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    AWS_REGION: server.region,
    BUCKET: server.bucket,
  }
}
