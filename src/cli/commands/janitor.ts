import type { UploadInfo } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { abortStaleUploads } from '../../s3/janitor.ts'
import { type BucketOptions, inFlags, openClient, parseAddress } from '../address.ts'
import { type CliIo, oneLine, print } from '../io.ts'
import { usageError } from '../usage-error.ts'

export interface JanitorCommandOptions extends BucketOptions {
  readonly olderThan: number
  readonly dryRun?: boolean | undefined
}

/**
 * Aborts the stale uploads of a prefix, and says of each open one what became of it, in one line: what, when it was begun, its
 * key, its id. Fails when one could not be aborted.
 */
export async function janitor(
  text: string,
  options: JanitorCommandOptions,
  io: CliIo,
): Promise<void> {
  const address = parseAddress(text)
  if (address.kind === 'local' || address.key === '') {
    throw usageError('janitor looks below a prefix: give s3://bucket/prefix')
  }
  const { olderThan: olderThanMs, dryRun } = options
  const { aborted, kept, failed } = await abortStaleUploads(openClient(address, io, options), {
    prefix: address.key,
    olderThanMs,
    dryRun,
    signal: io.signal,
  })
  const say = (what: string, { initiated, key, uploadId }: UploadInfo): Promise<void> =>
    print(
      io.stdout,
      `${what.padEnd(13)}  ${timeOf(initiated)}  ${oneLine(`${key}  ${uploadId}`)}\n`,
    )
  for (const upload of kept) await say(`kept, ${upload.reason}`, upload)
  for (const upload of aborted) await say(dryRun ? 'stale' : 'aborted', upload)
  for (const { error, ...upload } of failed) {
    await say('FAIL', upload)
    await print(io.stderr, `sluice: ${error.code}: ${oneLine(inFlags(error.message))}\n`)
  }
  const [first] = failed
  if (first) throw new SluiceError(first.error.code, `${failed.length} uploads were not aborted`)
}

function timeOf(date: Date): string {
  return Number.isNaN(date.getTime()) ? '?'.padEnd(20) : date.toISOString().replace(/\.\d+Z$/, 'Z')
}
