import type { Bytes, MultipartLimits } from '../contracts/index.ts'
import { toBase64, utf8 } from '../core/bytes.ts'
import { type CrcName, crc } from '../core/crc.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import { inScratch, type Scratch, type ScratchOptions, type TriedStore } from '../core/scratch.ts'
import {
  runTrial,
  type Trial,
  type TrialName,
  type TrialOptions,
  tryStore,
} from '../core/try-store.ts'
import { serverNow } from './authority.ts'
import type { S3Client } from './client.ts'
import { copyObject } from './copy.ts'
import { deleteObjects } from './delete-objects.ts'
import { listObjects } from './list.ts'
import { listUploads } from './list-uploads.ts'
import { createUpload, resumeUpload } from './multipart.ts'
import { getObject, putObject } from './objects.ts'
import { GENERIC_PROVIDER, type S3Provider } from './provider.ts'
import { bareEtag, drain, readXml } from './response.ts'

export type BucketTrialName = TrialName | 'etag' | 'part copy' | `checksum ${CrcName}`
export type BucketTrial = Trial<BucketTrialName>

export interface ProbeBucketOptions extends ScratchOptions, TrialOptions<BucketTrialName> {}

/** What a bucket does, as it was seen. */
export interface BucketFindings {
  /** The client's provider with what was found in place of what was assumed: for the next client. */
  readonly provider: S3Provider
  readonly trials: readonly BucketTrial[]
  /** Whether a page, or whatever this runs in, can read ETags. Where it cannot, nothing that needs one was tried. */
  readonly etagVisible: boolean
  /** UploadPartCopy, which copies of more than 5 GiB and `compose` need. */
  readonly partCopy: boolean
  /** How far the server's clock is ahead of this machine's, to a second or two; `undefined` where it does not tell, as to a page. */
  readonly clockSkewMs: number | undefined
  /** Why something that was written may still be there. */
  readonly remains: SluiceError | undefined
}

/** Of S3, without the demands that a provider may add. */
const LIMITS = {
  ...(GENERIC_PROVIDER.capabilities.multipart as MultipartLimits),
  equalParts: false,
}
const CHECKSUMS: readonly CrcName[] = ['crc64nvme', 'crc32c', 'crc32']
const BODY = utf8('to be deleted at once\n')

/**
 * Finds out what a bucket really supports, by trying it, whatever the client's provider says: conditions on puts, completions and copies,
 * unequal parts, whether uploads are found by a prefix, UploadPartCopy, which checksums are compared with the bytes (right ones are taken
 * and wrong ones refused), whether ETags can be read here, and how far the clocks are apart. A condition that is ignored
 * counts as not supported.
 *
 * ```ts
 * const { provider } = await probeBucket(s3Client(options))
 * const store = s3Store({ ...options, provider })
 * ```
 *
 * Some 90 requests, small ones but for the 10 MiB of `unequalParts`. Writes under keys of its own below `prefix`, and takes all of it
 * away again, also when it fails or is aborted; in a bucket with versions, they stay as older ones.
 *
 * Errors: what the first plain write fails with; whatever gives no answer, such as `network` and `unavailable`; `timeout` after
 * `timeoutMs`.
 */
export async function probeBucket(
  client: S3Client,
  options: ProbeBucketOptions = {},
): Promise<BucketFindings> {
  const store = triedStore(client)
  const trials: BucketTrial[] = []
  const noting = {
    ...options,
    clock: options.clock ?? client.clock,
    onTrial(trial: BucketTrial) {
      trials.push(trial)
      return options.onTrial?.(trial)
    },
  }
  const { result, remains } = await inScratch(store, noting, async (scratch) => {
    const first = await firstPut(client, scratch)
    const clockSkewMs = skewOf(client, first.dateMs)
    const etagVisible = await runTrial('etag', scratch, noting, async () => {
      if (first.etag) return 'ETags can be read'
      throw new SluiceError('not-supported', 'no ETag can be read')
    })
    if (!etagVisible) {
      return { provider: client.provider, etagVisible, partCopy: false, clockSkewMs }
    }
    const { capabilities } = await tryStore(store, scratch, noting)
    const { multipart } = capabilities
    const unequalTried = trials.some(({ name }) => name === 'unequal parts')
    // Everybody takes equal ones.
    const { equalParts } = client.provider.capabilities.multipart || { equalParts: true }
    const partCopy = await runTrial('part copy', scratch, noting, () =>
      copyPart(client, scratch, first.key),
    )
    const checksums: CrcName[] = []
    for (const name of CHECKSUMS) {
      const works = await runTrial(`checksum ${name}`, scratch, noting, () =>
        checksum(client, scratch, name),
      )
      if (works) checksums.push(name)
    }
    const provider = {
      ...client.provider,
      capabilities: {
        ...capabilities,
        compose: partCopy,
        multipart: unequalTried ? multipart : multipart && { ...multipart, equalParts },
      },
      checksums,
    }
    return { provider, etagVisible, partCopy, clockSkewMs }
  })
  return { ...result, trials, remains }
}

/** The operations as they are, so that everything is sent and the server says what it does not do. */
export function triedStore(client: S3Client): TriedStore {
  const capabilities = {
    ...client.provider.capabilities,
    conditionalPut: true,
    conditionalComplete: true,
    copy: true,
    rangeGet: true,
    multipart: { ...LIMITS, ...client.provider.capabilities.multipart, equalParts: false },
    listUploads: true,
  }
  // The operations refuse by themselves what their provider denies.
  const asked: S3Client = Object.create(client, {
    provider: { value: { ...client.provider, capabilities } },
  })
  return {
    capabilities,
    put: (key, body, put) => putObject(asked, key, body, put),
    get: (key, get) => getObject(asked, key, get),
    list: (listing) => listObjects(asked, listing),
    delete: (keys, call) => deleteObjects(asked, keys, call),
    copy: (from, to, copy) => copyObject(asked, from, to, copy),
    createMultipart: (key, create) => createUpload(asked, key, create),
    resumeMultipart: (token) => resumeUpload(asked, token),
    listMultipart: (prefix, call) => listUploads(asked, prefix, call),
  }
}

interface FirstPut {
  readonly key: string
  readonly etag: string
  readonly dateMs: number
}

async function firstPut(client: S3Client, scratch: Scratch): Promise<FirstPut> {
  const key = scratch.newKey()
  return put(client, scratch, key, {}, (response) => ({
    key,
    etag: bareEtag(response.headers.get('etag') ?? ''),
    dateMs: Date.parse(response.headers.get('date') ?? ''),
  }))
}

function put<T>(
  client: S3Client,
  { signal }: Scratch,
  key: string,
  headers: Readonly<Record<string, string>>,
  read: (response: Response) => T,
): Promise<T> {
  return client.send({
    operation: 'PutObject',
    method: 'PUT',
    key,
    headers: { 'content-type': 'text/plain', ...headers },
    body: BODY,
    signal,
    async read(response, context) {
      await drain(response, context)
      return read(response)
    },
  })
}

/** What the server complained of counts more than a header, which a page cannot read. */
export function skewOf(client: S3Client, dateMs: number): number | undefined {
  const nowMs = client.clock.now()
  const learnedMs = serverNow(client) - nowMs
  if (learnedMs !== 0) return learnedMs
  return Number.isNaN(dateMs) ? undefined : dateMs - nowMs
}

async function copyPart(client: S3Client, scratch: Scratch, from: string): Promise<string> {
  const { key, uploadId } = await scratch.upload(scratch.newKey())
  await client.send({
    operation: 'UploadPartCopy',
    method: 'PUT',
    key,
    query: { partNumber: 1, uploadId },
    headers: { 'x-amz-copy-source': client.copySource(from) },
    signal: scratch.signal,
    read: (response, context) => readXml(response, context, 'CopyPartResult'),
  })
  return 'an object became a part on the server'
}

async function checksum(client: S3Client, scratch: Scratch, name: CrcName): Promise<string> {
  const send = (body: Bytes): Promise<void> => {
    const value = crc(name)
    value.update(body)
    const header = { [`x-amz-checksum-${name}`]: toBase64(value.digest()) }
    return put(client, scratch, scratch.newKey(), header, () => {})
  }
  await send(BODY)
  try {
    await send(BODY.subarray(1))
  } catch (error) {
    const refused =
      isSluiceError(error, 'checksum-mismatch') || isSluiceError(error, 'invalid-options')
    if (refused) return `${name} is compared with the bytes`
    throw error
  }
  throw new SluiceError('not-supported', `a wrong ${name} is taken`)
}
