import { SluiceError } from '../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../core/option-names.ts'
import { type S3Client, s3Client } from '../s3/client.ts'
import { assumeRole, type S3CredentialsSource } from '../s3/credentials/index.ts'
import type { S3StoreOptions } from '../stores/s3.ts'
import { CLIENT_OPTIONS } from './s3-option-names.ts'

/** One server and one identity, for whatever buckets the paths name. */
export interface S3Connection
  extends Omit<S3StoreOptions, 'bucket' | 'region' | 'endpoint' | 'credentials' | 'storage'> {
  readonly awsAccessKeyId?: string | undefined
  readonly awsSecretAccessKey?: string | undefined
  readonly awsSessionToken?: string | undefined
  /** Where credentials come from when no key is given; `'anonymous'` signs nothing. */
  readonly credentials?: S3CredentialsSource | 'anonymous' | undefined
  /** A role to be taken on with those credentials, and again whenever the session is about to end. */
  readonly awsRoleArn?: string | undefined
  readonly awsRoleSessionName?: string | undefined
  /** Default `us-east-1`. */
  readonly regionName?: string | undefined
  /** Default: AWS. */
  readonly endpointUrl?: string | undefined
  /** Of the service that gives the role's credentials. Default: AWS's, of `regionName`. */
  readonly stsEndpointUrl?: string | undefined
}

export const CONNECTION_OPTIONS: OptionNames<S3Connection> = {
  ...CLIENT_OPTIONS,
  awsAccessKeyId: true,
  awsSecretAccessKey: true,
  awsSessionToken: true,
  credentials: true,
  awsRoleArn: true,
  awsRoleSessionName: true,
  regionName: true,
  endpointUrl: true,
  stsEndpointUrl: true,
}

/**
 * The client of each bucket, made anew for each call. Checks the connection, whose options `what` takes under the names `known`, and sends
 * nothing.
 */
export function clientsOf(
  what: string,
  connection: S3Connection,
  known: Readonly<Record<string, true>>,
): (bucket: string) => S3Client {
  if ('host' in connection) {
    throw new SluiceError('invalid-options', 'There is no host: write endpointUrl')
  }
  checkOptionNames(what, connection, known)
  const { regionName: region, endpointUrl: endpoint } = connection
  const credentials = credentialsOf(connection)
  return (bucket) => s3Client({ ...connection, bucket, region, endpoint, credentials })
}

function credentialsOf(connection: S3Connection): S3CredentialsSource | 'anonymous' {
  const { awsRoleArn: roleArn, awsRoleSessionName: sessionName, fetch, clock } = connection
  const source = sourceOf(connection)
  if (roleArn === undefined && sessionName === undefined) return source
  if (roleArn === undefined || sessionName === undefined) {
    throw new SluiceError(
      'invalid-options',
      'awsRoleArn and awsRoleSessionName are given both or not at all',
    )
  }
  if (source === 'anonymous') {
    throw new SluiceError('invalid-options', 'Nobody can take on a role anonymously')
  }
  const { regionName: region, stsEndpointUrl: endpoint, allowInsecure } = connection
  return assumeRole({
    ...{ roleArn, sessionName, source, region, endpoint, allowInsecure, fetch, clock },
  })
}

function sourceOf(connection: S3Connection): S3CredentialsSource | 'anonymous' {
  const { awsAccessKeyId: accessKeyId, awsSecretAccessKey: secretAccessKey } = connection
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, sessionToken: connection.awsSessionToken }
  }
  if (accessKeyId !== undefined || secretAccessKey !== undefined) {
    throw new SluiceError(
      'invalid-options',
      'awsAccessKeyId and awsSecretAccessKey are given both or not at all',
    )
  }
  if (connection.credentials) return connection.credentials
  throw new SluiceError(
    'unauthenticated',
    'No credentials were given; sluice/node/luigi and sluice/node/quix-streams find those of the environment',
  )
}
