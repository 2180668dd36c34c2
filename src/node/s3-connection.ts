import type { S3Connection } from '../compat/s3-connection.ts'
import type { Environment } from '../s3/credentials/index.ts'
import { fromEnvironment } from './s3-from-environment.ts'

/** What is not given is found as the AWS tools find it. */
export function connectionOf(given: S3Connection, env: Environment): S3Connection {
  const { regionName, endpointUrl, pathStyle, provider, clock } = given
  const found = fromEnvironment({
    ...{ env, region: regionName, endpoint: endpointUrl, pathStyle, provider, clock },
  })
  return {
    ...given,
    regionName: found.region,
    endpointUrl: found.endpoint,
    pathStyle: found.pathStyle,
    provider: found.provider,
    credentials: given.credentials ?? found.credentials,
    stsEndpointUrl: given.stsEndpointUrl ?? (env.AWS_ENDPOINT_URL_STS || undefined),
  }
}
