import type { Awaitable, CallOptions, MultipartToken, UploadInfo } from '../contracts/index.ts'
import { isSluiceError, SluiceError, throwIfAborted } from '../core/errors.ts'
import { serverNow } from './authority.ts'
import type { S3Client } from './client.ts'
import { protocolError } from './errors.ts'
import { listUploads } from './list-uploads.ts'
import { resumeUpload } from './multipart.ts'
import { orUndefined } from './objects.ts'
import { readXml } from './response.ts'

export { listUploads }

export interface JanitorOptions extends CallOptions {
  /** Of the uploads' keys. Not empty: a whole bucket is nothing to be aborted by accident. */
  readonly prefix: string
  /**
   * An upload is stale when it was begun so long ago and has got no part since. Default 7 days, the life of the longest
   * signature, so that whoever began it cannot go on with what it was given then. Not below an hour: a part of the usual size
   * that is sent slowly, and again, is not seen for that long.
   */
  readonly olderThanMs?: number | undefined
  /**
   * Whether somebody still needs an upload: one that a log, or a resume token kept anywhere, knows. Asked for each stale one
   * right before it would be aborted. What it throws ends the call.
   */
  readonly keep?: ((upload: UploadInfo) => Awaitable<boolean>) | undefined
  /** Aborts nothing, and tells what would be aborted. Default `false`. */
  readonly dryRun?: boolean | undefined
}

/**
 * Why an upload was left alone: it was begun lately (`young`), got a part lately (`active`), `keep` says so (`wanted`), or the server
 * does not tell its times or its parts (`unknown`).
 */
export type KeptReason = 'young' | 'active' | 'wanted' | 'unknown'

export interface JanitorReport {
  /** In a dry run, what would have been. */
  readonly aborted: readonly UploadInfo[]
  readonly kept: readonly (UploadInfo & { readonly reason: KeptReason })[]
  readonly failed: readonly (UploadInfo & { readonly error: SluiceError })[]
}

const HOUR_MS = 3_600_000
const DEFAULT_AGE_MS = 7 * 24 * HOUR_MS

/**
 * Aborts uploads that nobody will complete: their parts are invisible, and paid for. Only those of a prefix that were begun
 * `olderThanMs` ago by the server's clock, have got no part since, and that `keep` does not know. Each one's parts are
 * looked at right before it is aborted, and whether it is gone, after. An upload that ends meanwhile is in no list.
 *
 * Not guaranteed: anything for an owner who is silent for `olderThanMs` and of whom `keep` does not know: its next part fails
 * with `not-found`. A part that arrives between the look and the abort goes with the upload. On MinIO a prefix finds only uploads
 * of exactly that key; MinIO aborts stale ones itself, after a day.
 *
 * Holds the list of the uploads. Errors: `invalid-options` for an empty prefix and for less than an hour, `not-supported` where
 * uploads cannot be listed, `invalid-key`, and what `S3Client.send` rejects with when the server is away; what one upload is
 * refused for is in the report.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/abort-mpu.html
 */
export async function abortStaleUploads(
  client: S3Client,
  options: JanitorOptions,
): Promise<JanitorReport> {
  const { prefix, olderThanMs = DEFAULT_AGE_MS, keep = () => false, dryRun, signal } = options
  if (!prefix)
    throw new SluiceError('invalid-options', 'The prefix of the uploads must not be empty')
  if (!(olderThanMs >= HOUR_MS)) {
    throw new SluiceError(
      'invalid-options',
      `olderThanMs (${olderThanMs}) must be an hour (${HOUR_MS}) or more`,
    )
  }
  const report = {
    aborted: [] as UploadInfo[],
    kept: [] as JanitorReport['kept'][number][],
    failed: [] as JanitorReport['failed'][number][],
  }
  const uploads: UploadInfo[] = []
  // All of them first: a page that begins behind an upload which is gone is refused by some servers.
  for await (const upload of listUploads(client, prefix, { signal })) uploads.push(upload)
  for (const upload of uploads) {
    const begun = ageOf(upload.initiated.getTime(), serverNow(client), olderThanMs)
    if (begun !== 'old' || (await keep(upload))) {
      report.kept.push({ ...upload, reason: begun === 'old' ? 'wanted' : begun })
      continue
    }
    try {
      const last = await lastTold(client, upload, signal)
      if (last === 'gone') continue
      const reason = last === 'unknown' ? last : reasonOf(upload, last, olderThanMs)
      if (reason) {
        report.kept.push({ ...upload, reason })
        continue
      }
      if (!dryRun) await resumeUpload(client, upload).abort({ signal })
      report.aborted.push(upload)
    } catch (error) {
      throwIfAborted(signal)
      // The server is away: it would be for the others too. A conflict is this one's: it gets parts while it is aborted.
      if (!isSluiceError(error) || (error.retryable && error.code !== 'conflict')) throw error
      report.failed.push({ ...upload, error })
    }
  }
  return report
}

/** Why an upload is to be left alone. `undefined` when nobody can own it. */
function reasonOf(
  { initiated }: UploadInfo,
  { partMs, serverMs }: LastTold,
  olderThanMs: number,
): KeptReason | undefined {
  if (ageOf(initiated.getTime(), serverMs, olderThanMs) === 'young') return 'young'
  const part = partMs === undefined ? 'old' : ageOf(partMs, serverMs, olderThanMs)
  if (part === 'old') return undefined
  return part === 'young' ? 'active' : part
}

function ageOf(timeMs: number, nowMs: number, olderThanMs: number): 'old' | 'young' | 'unknown' {
  if (Number.isNaN(timeMs)) return 'unknown'
  return nowMs - timeMs >= olderThanMs ? 'old' : 'young'
}

interface LastTold {
  /** When the newest was stored; `undefined` when there is none, `NaN` when the server does not tell. */
  readonly partMs: number | undefined
  /** The time by that server, the earlier one of what its clock says and what we know of it. */
  readonly serverMs: number
}

/** What the server tells of an upload's parts now. */
async function lastTold(
  client: S3Client,
  { key, uploadId }: MultipartToken,
  signal: AbortSignal | undefined,
): Promise<LastTold | 'gone' | 'unknown'> {
  let partMs: number | undefined
  let serverMs = Number.POSITIVE_INFINITY
  let marker = 0
  for (;;) {
    let page: { readonly times: readonly number[]; readonly next: number | undefined } | undefined
    try {
      page = await orUndefined(() =>
        client.send({
          operation: 'ListParts',
          method: 'GET',
          key,
          query: { uploadId, 'part-number-marker': marker || undefined },
          signal,
          async read(response, context) {
            const root = await readXml(response, context, 'ListPartsResult')
            const dateMs = Date.parse(response.headers.get('date') ?? '')
            serverMs = Math.min(serverMs, dateMs || Number.POSITIVE_INFINITY, serverNow(client))
            const times = root
              .children('Part')
              .map((part) => Date.parse(part.text('LastModified') ?? ''))
            if (root.text('IsTruncated') !== 'true') return { times, next: undefined }
            const next = Number(root.text('NextPartNumberMarker'))
            if (next > marker) return { times, next }
            throw protocolError(response, context, 'says that there is more and not where to go on')
          },
        }),
      )
    } catch (error) {
      if (isSluiceError(error, 'not-supported')) return 'unknown'
      throw error
    }
    if (!page) return 'gone'
    for (const time of page.times) partMs = Math.max(partMs ?? time, time)
    if (page.next === undefined) return { partMs, serverMs }
    marker = page.next
  }
}
