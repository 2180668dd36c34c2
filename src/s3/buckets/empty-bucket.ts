import type { UploadInfo } from '../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { limiter } from '../../core/limiter.ts'
import { serverNow } from '../authority.ts'
import type { S3Client } from '../client.ts'
import { deleteBatch } from '../delete-objects.ts'
import { listObjects } from '../list.ts'
import { listUploads } from '../list-uploads.ts'
import { resumeUpload } from '../multipart.ts'
import { orUndefined } from '../objects.ts'
import { drain } from '../response.ts'
import { fitsXml, type XmlPart } from '../xml.ts'
import { listObjectVersions } from './list-object-versions.ts'

const PAGE = 1000
const SINGLES_AT_ONCE = 8
/** How far S3 lets two clocks differ: what was written later than this was written after the emptying began. */
const MAX_SKEW_MS = 15 * 60_000

/** What is to be deleted. Without a version it is the object itself. */
interface Entry {
  readonly key: string
  readonly versionId?: string
  readonly lastModified: Date
}

/**
 * Ends all uploads and deletes everything that is listed. `stalls` is how often a page may begin with what was deleted
 * before, which somebody has written again.
 */
export async function emptyBucket(
  client: S3Client,
  stalls: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const limits: Limits = { client, stalls, untilMs: serverNow(client) + MAX_SKEW_MS }
  await orNone(() => endUploads(limits, signal))
  const versions = await orNone(async () => {
    await takeAll(limits, () => listObjectVersions(client, { signal }), remove)
    return true
  })
  if (!versions) await takeAll(limits, objects, remove)

  async function* objects(): AsyncGenerator<Entry, void, undefined> {
    for await (const entry of listObjects(client, { signal })) {
      if (entry.kind === 'object') yield { key: entry.key, lastModified: entry.lastModified }
    }
  }

  function remove(page: readonly Entry[]): Promise<void> {
    return deleteEntries(client, page, signal)
  }
}

async function endUploads(limits: Limits, signal: AbortSignal | undefined): Promise<void> {
  const { client } = limits
  async function* uploads(): AsyncGenerator<UploadInfo & Entry, void, undefined> {
    for await (const upload of listUploads(client, '', { signal })) {
      yield { ...upload, versionId: upload.uploadId, lastModified: upload.initiated }
    }
  }
  await takeAll(limits, uploads, async (page) => {
    for (const upload of page) await resumeUpload(client, upload).abort({ signal })
  })
}

interface Limits {
  readonly client: S3Client
  readonly stalls: number
  /** Nothing of this moment or later was there when the emptying began. */
  readonly untilMs: number
}

/**
 * Lists a page, deletes it, and lists again from the top: where to go on may be among what was deleted, and not every server
 * finds a place that is gone.
 */
async function takeAll<T extends Entry>(
  { client, stalls, untilMs }: Limits,
  list: () => AsyncIterable<T>,
  remove: (page: readonly T[]) => Promise<void>,
): Promise<void> {
  let stalled = 0
  let before: T | undefined
  for (;;) {
    const page: T[] = []
    for await (const entry of list()) if (page.push(entry) === PAGE) break
    const [first] = page
    if (!first) return
    if (first.key === before?.key && first.versionId === before.versionId) stalled++
    if (stalled === stalls || page.some(({ lastModified }) => lastModified.getTime() > untilMs)) {
      throw new SluiceError(
        'conflict',
        `Bucket "${client.bucket}" gets new objects while it is emptied: stop what writes to it`,
        { key: first.key },
      )
    }
    before = first
    await remove(page)
  }
}

/** Rejects with the first failure that another try would not mend; what else failed is listed again. */
async function deleteEntries(
  client: S3Client,
  entries: readonly Entry[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { deleteBatchKeys } = client.provider
  // In a document a key may hold what a path may not: dot segments, which others have written.
  const batched = deleteBatchKeys > 0 ? entries.filter(({ key }) => fitsXml(key)) : []
  const singles = new Set(entries)
  for (let at = 0; at < batched.length; at += deleteBatchKeys) {
    const batch = batched.slice(at, at + deleteBatchKeys)
    const parts = batch.map(({ key, versionId }): XmlPart[] => [
      ['Key', key],
      ['VersionId', versionId],
    ])
    const failures = await orNone(() => deleteBatch(client, parts, { signal }))
    if (!failures) break
    const lasting = failures.find(({ error }) => !error.retryable)
    if (lasting) throw lasting.error
    for (const entry of batch) singles.delete(entry)
  }
  const limit = limiter(SINGLES_AT_ONCE)
  const deletions = [...singles].map(({ key, versionId }) =>
    limit(() =>
      orUndefined(() =>
        client.send({
          operation: 'DeleteObject',
          method: 'DELETE',
          key,
          query: { versionId },
          signal,
          read: drain,
        }),
      ),
    ),
  )
  for (const result of await Promise.allSettled(deletions)) {
    if (result.status === 'rejected') throw result.reason
  }
}

/** `undefined` where the server has no such thing, or has never heard of it. */
async function orNone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call()
  } catch (error) {
    if (isSluiceError(error, 'not-supported')) return undefined
    if (isSluiceError(error, 'not-found') && error.serverCode !== 'NoSuchBucket') return undefined
    throw error
  }
}
