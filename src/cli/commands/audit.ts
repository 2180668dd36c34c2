import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { LanePosition, Store } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { jsonText } from '../../core/json.ts'
import { fileLogPositions, fsStore } from '../../node/index.ts'
import {
  type AuditedLane,
  type AuditReport,
  audit as auditStream,
  type FoundKeys,
} from '../../sinks/audit/audit.ts'
import { PRIVATE_NAME } from '../../stores/fs/fs-like.ts'
import { withPrefix } from '../../stores/with-prefix.ts'
import { type BucketOptions, openBucket, parseAddress } from '../address.ts'
import { notFound } from '../file-error.ts'
import { type CliIo, oneLine, print } from '../io.ts'
import { usageError } from '../usage-error.ts'

export interface AuditCommandOptions extends BucketOptions {
  readonly name?: string | undefined
  readonly log?: string | undefined
  readonly json?: boolean | undefined
}

/**
 * The library's audit of one stream: a line for each lane and one for each thing found, or all of it as JSON. Fails when records are
 * missing or there twice; what lies about beside the files is told, and no failure.
 */
export async function audit(text: string, options: AuditCommandOptions, io: CliIo): Promise<void> {
  const { store, stream } = streamAt(text, options, io)
  const { name, log } = options
  // Before the listing: what the log calls published by now must be in it.
  const positions = log === undefined ? undefined : await positionsIn(log, stream)
  const report = await auditStream({ store, stream, name, positions, signal: io.signal })
  // A stream that is not there has nothing missing. It is more likely a mistake than whole.
  if (report.lanes.length + report.foreign.count === 0 && report.manifest === undefined) {
    throw notFound(`file of a stream at ${text}`)
  }
  if (options.json) await print(io.stdout, `${jsonText(report)}\n`)
  else for (const line of linesOf(report)) await print(io.stdout, `${oneLine(line)}\n`)
  if (report.ok) return
  const lost = report.missing.count > 0 || report.lanes.some(({ gaps }) => gaps.length > 0)
  throw lost
    ? new SluiceError('not-found', 'records are missing: see above')
    : new SluiceError('conflict', 'records are there more than once: see above')
}

/** The stream is the last segment of the address; what is before it is where the sink's store begins. */
function streamAt(
  text: string,
  options: AuditCommandOptions,
  io: CliIo,
): { store: Store; stream: string } {
  const address = parseAddress(text)
  const path = (address.kind === 's3' ? address.key : address.path).replace(/\/+$/, '')
  const before = path.slice(0, path.lastIndexOf('/') + 1)
  const stream = path.slice(before.length)
  if (stream === '') throw usageError('audit looks at a stream: give s3://bucket/stream')
  if (address.kind === 'local') return { store: folderStore(resolve(before || '.')), stream }
  const bucket = openBucket(address, io, options)
  return { store: before === '' ? bucket : withPrefix(bucket, before), stream }
}

/**
 * A folder, as a part of the store that wrote its files where there is one above it: what that knows of its objects lies in the folder that
 * it was opened on.
 */
function folderStore(folder: string): Store {
  let root = folder
  while (!existsSync(join(root, PRIVATE_NAME))) {
    if (root === dirname(root)) return fsStore(folder)
    root = dirname(root)
  }
  const path = relative(root, folder).split(sep).join('/')
  return path === '' ? fsStore(root) : withPrefix(fsStore(root), `${path}/`)
}

/** Those of the stream, which a log has besides none of another's. */
async function positionsIn(folder: string, stream: string): Promise<readonly LanePosition[]> {
  const positions = await fileLogPositions(folder)
  const other = positions.find(({ lane }) => lane.stream !== stream)
  if (!other) return positions
  throw new SluiceError('invalid-options', `The log is of the stream "${other.lane.stream}"`)
}

function* linesOf(report: AuditReport): Generator<string, void, undefined> {
  const { lanes, manifest, removed } = report
  for (const lane of lanes) {
    const isWhole = lane.gaps.length + lane.overlaps.length === 0
    yield `${isWhole ? 'ok  ' : 'FAIL'}  ${nameOf(lane)}  files: ${lane.files}, records: ${lane.records}`
    for (const [begin, end] of lane.gaps) yield `      missing: records ${begin} to ${end}`
    for (const [begin, end] of lane.overlaps) yield `      twice: records ${begin} to ${end}`
  }
  yield* keysOf('FAIL', 'not in the bucket as the manifest names it', report.missing)
  yield* keysOf('note', 'not in the manifest', report.orphans)
  yield* keysOf('note', 'it does not say where it ends', report.endless)
  yield* keysOf('note', 'no file of the stream', report.foreign)
  yield* keysOf('note', 'an open upload', report.uploads ?? { count: 0, keys: [] })
  if (removed > 0) yield `note  ${removed} files that the manifest no longer names`
  if (manifest !== undefined) yield `note  by the manifest's version ${manifest}`
}

function* keysOf(
  word: string,
  what: string,
  { count, keys }: FoundKeys,
): Generator<string, void, undefined> {
  for (const key of keys) yield `${word}  ${key}: ${what}`
  if (count > keys.length) yield `${word}  … and ${count - keys.length} more: ${what}`
}

function nameOf({ lane: { stream, partition, shard, schema } }: AuditedLane): string {
  return `${stream}/${partition === '' ? '' : `${partition}/`}${shard}-${schema}`
}
