import type { Store } from 'sluice'
import { GENERIC_PROVIDER, type S3ClientOptions, s3Client } from 'sluice/s3'
import { presign } from 'sluice/s3/presign'
import { presignedClient } from 'sluice/s3/presigned-client'
import { s3ClientStore } from 'sluice/stores/s3'
import { type StoreSuiteOptions, storeSuite } from 'sluice/testing'
import { clientSuite } from './client-suite.ts'
import { exceptionsOf, type RuntimeName } from './exceptions.ts'
import type { MatrixCase } from './matrix-case.ts'
import { msglcCases } from './msglc-cases.ts'
import { newBucket, orderCuts, removeBucket, type ServedServer } from './served-server.ts'

/** The store suite over `s3Store`, the client suite, and msglc files, by whoever holds a key and by presigned URLs. */
export function s3Cases(runtime: RuntimeName, server: ServedServer): readonly MatrixCase[] {
  const { kind, endpoint, region, credentials, exceptions, clientExceptions } = server
  const capabilities = { ...GENERIC_PROVIDER.capabilities, ...server.capabilities }
  const { checksums = [], lacks = [] } = server
  const provider = { ...GENERIC_PROVIDER, name: kind, capabilities, checksums }
  const optionsOf = (bucket: string): S3ClientOptions => ({
    ...{ bucket, endpoint, region, credentials, provider },
    retry: { baseMs: 1 },
  })
  const store = storeCases({
    exceptions: { ...exceptions, ...exceptionsOf('store', runtime, kind) },
    async create() {
      const bucket = await newBucket(server)
      return {
        store: s3ClientStore(s3Client(optionsOf(bucket))),
        close: () => removeBucket(server, bucket),
      }
    },
  })
  const client = clientSuite({
    cuts: server.proxy !== undefined,
    buckets: server.bucketsAtOnce === undefined,
    lacks,
    exceptions: { ...clientExceptions, ...exceptionsOf('client', runtime, kind) },
    async create() {
      const bucket = await newBucket(server)
      const options = optionsOf(bucket)
      return {
        options,
        async cutting(...cuts) {
          await orderCuts(server, bucket, cuts)
          return s3Client({ ...options, endpoint: server.proxy })
        },
        close: () => removeBucket(server, bucket),
      }
    },
  })
  const msglc = msglcCases('msglc', async () => {
    const bucket = await newBucket(server)
    return {
      store: s3ClientStore(s3Client(optionsOf(bucket))),
      close: () => removeBucket(server, bucket),
    }
  })
  const presigned = msglcCases('msglc by presigned URLs', async () => {
    const bucket = await newBucket(server)
    const holder = s3Client(optionsOf(bucket))
    const sign = (request: Parameters<typeof presign>[1]) => presign(holder, request)
    const client = presignedClient({ bucket, provider, sign, retry: { baseMs: 1 } })
    return { store: s3ClientStore(client), close: () => removeBucket(server, bucket) }
  })
  return [...store, ...client, ...msglc, ...presigned]
}

/** The store suite, each case told apart by whether it met a capability that is not there. */
function storeCases({ create, exceptions }: StoreSuiteOptions): readonly MatrixCase[] {
  return storeSuite({ create, exceptions }).map(({ name, skip }, index) => ({
    suite: 'store',
    name,
    excepted: skip,
    async run() {
      let lacking = false
      const watched = storeSuite({
        async create() {
          const made = await create()
          return { ...made, store: watch(made.store, () => (lacking = true)) }
        },
      })
      await watched[index]?.run()
      return lacking ? 'not-supported' : 'passed'
    },
  }))
}

/** The same store, which tells when it is asked for a capability that it denies, or a verb that it lacks. */
function watch(store: Store, onLacking: () => void): Store {
  const told = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver)
        if (value === undefined || value === false) onLacking()
        return value
      },
    })
  return told({ ...store, capabilities: told(store.capabilities) })
}
