import type { Appended, Bytes, LaneRange, LogBatch, ProducerStep } from '../contracts/index.ts'
import { concatBytes, fromUtf8, utf8 } from '../core/bytes.ts'
import type { SqlLike } from './durable-object.ts'
import { laneFor } from './durable-object-schema.ts'
import { checkStep } from './producers.ts'
import { encodeRows, type RowBlock } from './row-codec.ts'

/** Below the 2 MB that a value may have. */
const PIECE_BYTES = 1_900_000

/** Keeps a batch and its producer's step. Runs inside a transaction: an error takes all of it back. */
export function appendBatch(
  sql: SqlLike,
  batch: LogBatch<object>,
): Appended & { readonly keptBytes: number } {
  const { producer, rejected, atMs } = batch
  if (producer) {
    const answer = earlierAnswer(sql, producer)
    if (answer) return { ...answer, duplicate: true, keptBytes: 0 }
  }
  const ranges: LaneRange[] = []
  let keptBytes = 0
  for (const part of batch.lanes) {
    if (part.rows.length === 0) continue
    const blocks = encodeRows(part.rows)
    ranges.push(appendLane(sql, part, blocks, atMs))
    for (const block of blocks) keptBytes += block.body.byteLength
  }
  if (producer) {
    saveStep(sql, producer, { ranges, rejected }, atMs)
  }
  return { ranges, rejected, duplicate: false, keptBytes }
}

type Answer = Pick<Appended, 'ranges' | 'rejected'>

function saveStep(sql: SqlLike, step: ProducerStep, answer: Answer, atMs: number): void {
  sql.exec('DELETE FROM producers WHERE id = ? AND piece > 0', step.id)
  for (const [piece, body] of pieces(utf8(JSON.stringify(answer))).entries()) {
    sql.exec(
      'INSERT OR REPLACE INTO producers (id, piece, epoch, seq, hash, at, answer) VALUES (?, ?, ?, ?, ?, ?, ?)',
      step.id,
      piece,
      step.epoch,
      step.seq,
      step.hash,
      atMs,
      body,
    )
  }
}

function savedAnswer(sql: SqlLike, producerId: string): Answer {
  const body = sql
    .exec('SELECT answer FROM producers WHERE id = ? ORDER BY piece', producerId)
    .toArray()
    .map((row) => new Uint8Array(row.answer as ArrayBuffer))
  return JSON.parse(fromUtf8(concatBytes(body))) as Answer
}

/** What this step was answered before, or `undefined` when it is the next one. Throws when it is neither. */
function earlierAnswer(sql: SqlLike, step: ProducerStep): Answer | undefined {
  const last = sql
    .exec('SELECT epoch, seq, hash FROM producers WHERE id = ? AND piece = 0', step.id)
    .toArray()[0]
  const lastStep = last && {
    id: step.id,
    epoch: Number(last.epoch),
    seq: Number(last.seq),
    hash: String(last.hash),
  }
  return checkStep(step, lastStep) === 'duplicate' ? savedAnswer(sql, step.id) : undefined
}

function appendLane(
  sql: SqlLike,
  part: LogBatch<object>['lanes'][number],
  blocks: readonly RowBlock[],
  atMs: number,
): LaneRange {
  const lane = laneFor(sql, part.lane, part.encoding)
  let at = lane.end
  for (const block of blocks) {
    const bytes = (part.bytes * block.rows) / part.rows.length
    for (const [piece, body] of pieces(block.body).entries()) {
      sql.exec(
        'INSERT INTO blocks (lane, first, piece, next, size, bytes, at, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        lane.id,
        at,
        piece,
        at + block.rows,
        piece === 0 ? block.body.byteLength : 0,
        bytes,
        atMs,
        body,
      )
    }
    at += block.rows
  }
  sql.exec(
    'UPDATE lanes SET next = ?, bytes = bytes + ?, opened_at = coalesce(opened_at, ?), last_at = ? WHERE id = ?',
    at,
    part.bytes,
    atMs,
    atMs,
    lane.id,
  )
  return { lane: part.lane, begin: lane.end, end: at }
}

function pieces(body: Bytes): Bytes[] {
  const cut: Bytes[] = []
  for (let at = 0; at < body.byteLength; at += PIECE_BYTES) {
    cut.push(body.subarray(at, at + PIECE_BYTES))
  }
  return cut
}
