import type {
  CommittedFile,
  Encoding,
  Lane,
  LaneState,
  LogBatch,
  LogSession,
  LogState,
  PendingFile,
  ProducerStep,
  Row,
  Rows,
  SealedFile,
  UploadProgress,
} from '../../contracts/index.ts'
import { laneId } from '../../core/lane.ts'
import { check } from '../check.ts'
import type { LogUnderTest } from '../log-suite.ts'

export interface LogCase {
  readonly name: string
  run(subject: LogUnderTest): Promise<void>
}

export const LANE: Lane = { stream: 'birds', partition: '', shard: '0', schema: 'auto' }
export const OTHER: Lane = { ...LANE, partition: 'country=DE/day=2026-11-21' }

export const AS_JSONL: Encoding = { format: 'jsonl', schema: undefined }
export const OF_RUN: Encoding = { ...AS_JSONL, run: 'monday' }
export const AS_COLUMNS: Encoding = {
  format: 'parquet',
  schema: { fields: [{ name: 'n', type: 'int32', nullable: false }] },
}

/** When the cases happen. */
export const AT_MS: number = Date.UTC(2026, 10, 21)

/** `count` rows that say where they are. */
export function rowsOf(count: number, from = 0): Row[] {
  return Array.from({ length: count }, (_, index) => ({
    n: from + index,
    text: `row ${from + index}`,
  }))
}

/** What `batch` says that a row weighs. */
const ROW_BYTES = 10

export function batch(
  lanes: readonly (readonly [Lane, Rows])[],
  more: Partial<LogBatch> & { readonly encoding?: Encoding } = {},
): LogBatch {
  const { encoding = AS_JSONL, ...rest } = more
  return {
    lanes: lanes.map(([lane, rows]) => ({ lane, rows, bytes: rows.length * ROW_BYTES, encoding })),
    rejected: [],
    atMs: AT_MS,
    ...rest,
  }
}

export function step(seq: number, more: Partial<ProducerStep> = {}): ProducerStep {
  return { id: 'producer-1', epoch: 0, seq, hash: `hash of ${seq}`, ...more }
}

export function sealed(lane: Lane, begin: number, end: number): SealedFile {
  const id = `file-${lane.partition === '' ? 'plain' : 'other'}-${begin}-${end}`
  return {
    lane,
    begin,
    end,
    id,
    key: `birds/${id}.jsonl`,
    reason: 'flush',
    openedAtMs: AT_MS,
    sealedAtMs: AT_MS + 1000,
  }
}

/** The file as it waits for its publication, of rows that `batch` made. */
export function pending(file: SealedFile, encoding: Encoding = AS_JSONL): PendingFile {
  return { ...file, rowBytes: (file.end - file.begin) * ROW_BYTES, encoding }
}

export function committed(file: SealedFile): CommittedFile {
  return { ...file, etag: `etag of ${file.id}`, bytes: 1234 }
}

/** An upload of the file that has just been opened. */
export function uploadOf({ key }: SealedFile): UploadProgress {
  return { token: { key, uploadId: 'upload-1' }, partBytes: 5 * 1024 * 1024, parts: [] }
}

/** A file of these rows on its own way through the log. */
export async function sealAndCommit(session: LogSession, file: SealedFile): Promise<void> {
  await session.seal(file)
  await session.commit([committed(file)])
}

export async function readAll(session: LogSession, file: SealedFile): Promise<Row[]> {
  const rows: Row[] = []
  for await (const some of session.read(file)) rows.push(...some)
  return rows
}

/** What a new owner finds. */
export function laneIn(state: LogState, lane: Lane): LaneState {
  const found = state.lanes.find((other) => laneId(other.lane) === laneId(lane))
  check(found, `the state names the lane "${laneId(lane)}"`)
  return found
}
