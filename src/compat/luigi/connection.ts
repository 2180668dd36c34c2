import type { Store } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { type S3Client, s3Client } from '../../s3/client.ts'
import { assumeRole, type S3CredentialsSource } from '../../s3/credentials/index.ts'
import type { S3StorageOptions } from '../../s3/put-options.ts'
import { type S3StoreOptions, s3ClientStore } from '../../stores/s3.ts'

/** The store of a bucket, whose objects are written so. Throws `not-found` for a bucket that is not there. */
export type StoreOf = (bucket: string, storage?: S3StorageOptions) => Store

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

/** Any stores, by the names of the buckets that they stand for. */
export function storesByName(buckets: Readonly<Record<string, Store>>): StoreOf {
  return (bucket, storage) => {
    const store = Object.hasOwn(buckets, bucket) ? buckets[bucket] : undefined
    if (!store) {
      const message = `There is no bucket "${bucket}" among those that this client was given`
      throw new SluiceError('not-found', message, { serverCode: 'NoSuchBucket' })
    }
    if (!storage) return store
    const [name] = Object.entries(storage).find(([, value]) => value !== undefined) ?? []
    const message = `${name} is an option of S3's, and this client was given a store of its own for "${bucket}"`
    throw new SluiceError('not-supported', message)
  }
}

/** Checks the connection, and sends nothing. */
export function storesOf(connection: S3Connection): StoreOf {
  if ('host' in connection) {
    throw new SluiceError('invalid-options', 'There is no host: write endpointUrl')
  }
  const { regionName: region, endpointUrl: endpoint, capabilities } = connection
  const credentials = credentialsOf(connection)
  const opened = new Map<string, { readonly client: S3Client; readonly store: Store }>()
  return (bucket, storage) => {
    let open = opened.get(bucket)
    if (!open) {
      const client = s3Client({ ...connection, bucket, region, endpoint, credentials })
      open = { client, store: s3ClientStore(client, { capabilities }) }
      opened.set(bucket, open)
    }
    return storage ? s3ClientStore(open.client, { capabilities, storage }) : open.store
  }
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
    'This client was given no credentials; that of sluice/node/luigi finds those of the environment',
  )
}
