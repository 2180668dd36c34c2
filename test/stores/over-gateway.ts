import type { Store } from '../../src/contracts/index.ts'
import { s3Gateway } from '../../src/http/s3-gateway.ts'
import { type S3StoreOptions, s3Store } from '../../src/stores/s3.ts'

const credentials = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }

type Fetch = NonNullable<S3StoreOptions['fetch']>

/** The S3 gateway over a store, called without a network: runs in every runtime. */
export function gatewayFetch(store: Store): Fetch {
  return gatewayFetchOf({ bucket: store })
}

/** The same over several, by the names of their buckets. */
export function gatewayFetchOf(buckets: Readonly<Record<string, Store>>): Fetch {
  const handler = s3Gateway({ buckets, credentials })
  return (url, init) => {
    const request = new Request(url, init)
    const { body } = init
    // What the network would add.
    const length = body instanceof Blob ? body.size : ((body as Uint8Array)?.byteLength ?? 0)
    if (body) request.headers.set('content-length', String(length))
    return handler(request)
  }
}

/** The S3 client's store over such a gateway. */
export function s3StoreOver(fetch: Fetch): Store {
  return s3Store({ bucket: 'bucket', endpoint: 'https://s3.test', credentials, fetch })
}
