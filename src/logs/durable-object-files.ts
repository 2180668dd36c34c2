import type {
  CommittedFile,
  CutReason,
  LaneRange,
  PendingFile,
  Rows,
  Sealed,
  SealedFile,
  StoredFile,
  UploadProgress,
} from '../contracts/index.ts'
import { concatBytes } from '../core/bytes.ts'
import { SluiceError } from '../core/errors.ts'
import type { SqlLike, SqlValue } from './durable-object.ts'
import { findLane, laneOf } from './durable-object-schema.ts'
import { encodingOf } from './encodings.ts'
import { laneToCut, neverSealed } from './refusals.ts'
import { KEEP_FILES_MS, KEEP_PRODUCERS, KEEP_PRODUCERS_MS } from './retention.ts'
import { decodeRows } from './row-codec.ts'

type SqlRow = Record<string, SqlValue>

export function sealFile(sql: SqlLike, file: SealedFile): Sealed {
  const { id, encodingId, ...lane } = laneToCut(file, findLane(sql, file.lane))
  const rest = sql
    .exec(
      `UPDATE lanes SET open = ?1,
         bytes = (SELECT coalesce(round(sum(bytes * (next - max(first, ?1)) / (next - first))), 0)
           FROM blocks WHERE lane = ?2 AND piece = 0 AND next > ?1),
         opened_at = (SELECT at FROM blocks WHERE lane = ?2 AND piece = 0 AND next > ?1 ORDER BY first LIMIT 1)
       WHERE id = ?2 RETURNING bytes, opened_at`,
      file.end,
      id,
    )
    .toArray()[0]
  const bytes = Number(rest?.bytes)
  const rowBytes = lane.bytes - bytes
  sql.exec(
    `INSERT INTO files (id, lane, first, next, key, reason, opened_at, sealed_at, run, row_bytes, encoding)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    file.id,
    id,
    file.begin,
    file.end,
    file.key,
    file.reason,
    file.openedAtMs,
    file.sealedAtMs,
    file.run ?? null,
    rowBytes,
    encodingId,
  )
  const openedAtMs = rest?.opened_at == null ? undefined : Number(rest.opened_at)
  return {
    file: { ...file, rowBytes, encoding: lane.encoding },
    rest: {
      ...lane,
      begin: file.end,
      bytes,
      openedAtMs,
      lastAtMs: openedAtMs === undefined ? undefined : lane.lastAtMs,
    },
  }
}

/** The rows of the file that begin at position `at`, as far as one block has them. */
export function readBlocks(sql: SqlLike, file: SealedFile, at: number): Rows {
  const pieces = sql
    .exec(
      `SELECT first, body FROM blocks
       WHERE lane = (SELECT lane FROM files WHERE id = ?1 AND etag IS NULL AND stored_etag IS NULL)
       AND first = (SELECT max(first) FROM blocks
         WHERE lane = (SELECT lane FROM files WHERE id = ?1) AND first <= ?2) AND next > ?2 ORDER BY piece`,
      file.id,
      at,
    )
    .toArray()
  if (pieces.length === 0) {
    throw new SluiceError(
      'not-found',
      `The log does not hold the records of ${file.key} from ${at} on: the file is in the store, or was never sealed`,
      { key: file.key },
    )
  }
  const first = Number(pieces[0]?.first)
  const body = concatBytes(pieces.map((piece) => new Uint8Array(piece.body as ArrayBuffer)))
  return decodeRows(body).slice(at - first, file.end - first)
}

export function saveProgress(
  sql: SqlLike,
  fileId: string,
  upload: UploadProgress | undefined,
): void {
  const saved = sql
    .exec(
      'UPDATE files SET upload = ? WHERE id = ? AND etag IS NULL RETURNING id',
      upload ? JSON.stringify(upload) : null,
      fileId,
    )
    .toArray()
  if (saved.length === 0) throw neverSealed(fileId)
}

export function storeFiles(sql: SqlLike, files: readonly StoredFile[]): void {
  for (const { id, etag, bytes } of files) {
    const known = sql
      .exec(
        'UPDATE files SET stored_etag = ?, stored_bytes = ?, upload = NULL WHERE id = ? RETURNING lane',
        etag,
        bytes,
        id,
      )
      .toArray()[0]
    if (!known) throw neverSealed(id)
    dropBlocks(sql, Number(known.lane))
  }
}

export function commitFiles(sql: SqlLike, files: readonly CommittedFile[]): void {
  let atMs = 0
  for (const file of files) {
    const known = sql
      .exec(
        'UPDATE files SET etag = ?, bytes = ?, upload = NULL WHERE id = ? RETURNING lane',
        file.etag,
        file.bytes,
        file.id,
      )
      .toArray()[0]
    if (!known) throw neverSealed(file.id)
    atMs = Math.max(atMs, file.sealedAtMs)
    dropBlocks(sql, Number(known.lane))
  }
  sql.exec('DELETE FROM files WHERE etag IS NOT NULL AND sealed_at < ?', atMs - KEEP_FILES_MS)
  sql.exec(
    `DELETE FROM producers WHERE at < ? AND id NOT IN (
       SELECT id FROM producers WHERE piece = 0 ORDER BY at DESC LIMIT ?)`,
    atMs - KEEP_PRODUCERS_MS,
    KEEP_PRODUCERS,
  )
}

/** A block may reach into the next file, so it goes when everything before its end is in the store. */
function dropBlocks(sql: SqlLike, laneId: number): void {
  sql.exec(
    `DELETE FROM blocks WHERE lane = ?1 AND next <= coalesce(
       (SELECT min(first) FROM files WHERE lane = ?1 AND etag IS NULL AND stored_etag IS NULL),
       (SELECT open FROM lanes WHERE id = ?1))`,
    laneId,
  )
}

export function pendingFiles(sql: SqlLike): PendingFile[] {
  return sql
    .exec(
      `SELECT files.*, lanes.word, encodings.text FROM files JOIN lanes ON lanes.id = files.lane
       JOIN encodings ON encodings.id = files.encoding WHERE etag IS NULL ORDER BY number`,
    )
    .toArray()
    .map((row) => ({
      ...sealedFile(row),
      rowBytes: Number(row.row_bytes),
      encoding: encodingOf(String(row.text)),
      ...(row.upload === null ? {} : { upload: JSON.parse(String(row.upload)) as UploadProgress }),
      ...(row.stored_etag === null
        ? {}
        : { stored: { etag: String(row.stored_etag), bytes: Number(row.stored_bytes) } }),
    }))
}

/** The first position that is open, or in a file that is not forgotten. */
export function firstKnown(sql: SqlLike, laneId: number): number {
  const [row] = sql
    .exec(
      `SELECT coalesce((SELECT min(first) FROM files WHERE lane = ?1),
         (SELECT open FROM lanes WHERE id = ?1)) AS first`,
      laneId,
    )
    .toArray()
  return Number(row?.first)
}

export function committedFiles(sql: SqlLike, laneId: number, range: LaneRange): CommittedFile[] {
  return sql
    .exec(
      `SELECT files.*, lanes.word FROM files JOIN lanes ON lanes.id = files.lane
       WHERE lane = ? AND files.next > ? AND first < ? AND etag IS NOT NULL ORDER BY first`,
      laneId,
      range.begin,
      range.end,
    )
    .toArray()
    .map((row) => ({ ...sealedFile(row), etag: String(row.etag), bytes: Number(row.bytes) }))
}

function sealedFile(row: SqlRow): SealedFile {
  return {
    lane: laneOf(row.word),
    begin: Number(row.first),
    end: Number(row.next),
    id: String(row.id),
    key: String(row.key),
    reason: String(row.reason) as CutReason,
    openedAtMs: Number(row.opened_at),
    sealedAtMs: Number(row.sealed_at),
    ...(row.run === null ? {} : { run: String(row.run) }),
  }
}
