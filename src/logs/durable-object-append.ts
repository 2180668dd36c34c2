import type { Appended, Bytes, LaneRange, LogBatch, ProducerRun } from '../contracts/index.ts'
import { concatBytes, fromUtf8, utf8 } from '../core/bytes.ts'
import type { SqlLike, SqlValue } from './durable-object.ts'
import { laneFor } from './durable-object-schema.ts'
import {
  earlierAnswer,
  type KeptAnswer,
  type ProducerWindow,
  producerRuns,
  type RunRanges,
  withAnswer,
} from './producers.ts'
import { encodeRows, type RowBytes } from './row-codec.ts'

/** Below the 2 MB that a value may have. */
const PIECE_BYTES = 1_900_000

/** Keeps a batch and its producer's step. Runs inside a transaction: an error takes all of it back. */
export function appendBatch(
  sql: SqlLike,
  batch: LogBatch<object>,
): Appended & { readonly keptBytes: number } {
  const { producer, rejected, atMs } = batch
  const window = producer && savedWindow(sql, producer.id)
  const answered = producer && earlierAnswer(producer, window)
  if (answered) return { ...answered, keptBytes: 0 }
  const ranges: LaneRange[] = []
  let ofRun: LaneRange | undefined
  let keptBytes = 0
  for (const part of batch.lanes) {
    if (part.rows.length === 0) continue
    const blocks = encodeRows(part.rows)
    const range = appendLane(sql, part, blocks, atMs)
    ranges.push(range)
    if (part.encoding.run !== undefined) ofRun ??= range
    for (const block of blocks) keptBytes += block.body.byteLength
  }
  if (producer) {
    const text = JSON.stringify({ ranges, rejected })
    saveWindow(sql, producer.id, withAnswer(window, producer, text, ofRun), atMs)
  }
  return { ranges, rejected, duplicate: false, keptBytes }
}

/** In one row, unless the last answer is very long: Cloudflare bills rows written, and the earlier answers are bounded. */
function saveWindow(sql: SqlLike, id: string, window: ProducerWindow, atMs: number): void {
  const { epoch, seq, answers, runs } = window
  const last = answers.at(-1) as KeptAnswer
  const earlier = JSON.stringify(answers.slice(0, -1))
  sql.exec('DELETE FROM producers WHERE id = ? AND piece > 0', id)
  for (const [piece, body] of pieces(utf8(last.text)).entries()) {
    sql.exec(
      'INSERT OR REPLACE INTO producers (id, piece, epoch, seq, hash, at, answer, earlier, runs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      id,
      piece,
      epoch,
      seq,
      last.hash,
      atMs,
      body,
      piece === 0 ? earlier : '[]',
      piece === 0 && runs ? JSON.stringify(runs) : null,
    )
  }
}

function savedWindow(sql: SqlLike, id: string): ProducerWindow | undefined {
  const rows = sql
    .exec(
      'SELECT epoch, seq, hash, answer, earlier, runs FROM producers WHERE id = ? ORDER BY piece',
      id,
    )
    .toArray()
  const [first] = rows
  if (!first) return undefined
  const text = fromUtf8(
    concatBytes(rows.map(({ answer }) => new Uint8Array(answer as ArrayBuffer))),
  )
  const earlier = JSON.parse(String(first.earlier)) as readonly KeptAnswer[]
  return {
    epoch: Number(first.epoch),
    seq: Number(first.seq),
    answers: [...earlier, { hash: String(first.hash), text }],
    runs: runsOf(first.runs),
  }
}

/** What the producers brought for runs: a row is read for each producer, and no answer. */
export function savedRuns(sql: SqlLike): ProducerRun[] {
  return sql
    .exec(`SELECT id, epoch, runs FROM producers WHERE piece = 0 AND runs IS NOT '[]'`)
    .toArray()
    .flatMap(({ id, epoch, runs }) =>
      producerRuns(String(id), { epoch: Number(epoch), runs: runsOf(runs) }),
    )
}

function runsOf(text: SqlValue | undefined): RunRanges {
  return text == null ? undefined : (JSON.parse(String(text)) as RunRanges)
}

function appendLane(
  sql: SqlLike,
  part: LogBatch<object>['lanes'][number],
  blocks: readonly RowBytes[],
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
