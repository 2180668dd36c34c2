import type { Lane, LaneState } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import type { SqlLike, SqlValue } from './durable-object.ts'

/**
 * Each entry brings the tables from one version to the next; entries are only ever added. `position` columns are
 * record numbers within a lane. A blob or text may hold 2 MB at most
 * (https://developers.cloudflare.com/durable-objects/platform/limits/), hence `piece`.
 */
const MIGRATIONS: readonly string[][] = [
  [
    `CREATE TABLE lanes (
      id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE,
      open INTEGER NOT NULL, next INTEGER NOT NULL, bytes REAL NOT NULL, opened_at INTEGER)`,
    // size: of the body, all pieces together, on the first piece; bytes: as the append declared them.
    `CREATE TABLE blocks (
      lane INTEGER NOT NULL, first INTEGER NOT NULL, piece INTEGER NOT NULL,
      next INTEGER NOT NULL, size INTEGER NOT NULL, bytes REAL NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL,
      PRIMARY KEY (lane, first, piece)) WITHOUT ROWID`,
    // etag and bytes are there when the file is committed.
    `CREATE TABLE files (
      number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, lane INTEGER NOT NULL,
      first INTEGER NOT NULL, next INTEGER NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL, sealed_at INTEGER NOT NULL,
      upload TEXT, checkpoint TEXT, etag TEXT, bytes INTEGER)`,
    'CREATE INDEX files_by_position ON files (lane, next)',
    `CREATE TABLE producers (
      id TEXT NOT NULL, piece INTEGER NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL,
      at INTEGER NOT NULL, answer BLOB NOT NULL, PRIMARY KEY (id, piece)) WITHOUT ROWID`,
  ],
]

/** Creates the tables, or brings an older version's up to date. A newer version's are refused, untouched. */
export function migrate(sql: SqlLike): void {
  sql.exec('CREATE TABLE IF NOT EXISTS meta (version INTEGER NOT NULL, epoch INTEGER NOT NULL)')
  const meta = sql.exec('SELECT version FROM meta').toArray()[0]
  if (!meta) sql.exec('INSERT INTO meta VALUES (0, 0)')
  const version = Number(meta?.version ?? 0)
  if (version > MIGRATIONS.length) {
    throw new SluiceError(
      'not-supported',
      `This log was written by a newer Sluice (version ${version} of its tables; this one knows ${MIGRATIONS.length})`,
    )
  }
  for (const statements of MIGRATIONS.slice(version)) {
    for (const statement of statements) sql.exec(statement)
  }
  if (version < MIGRATIONS.length) sql.exec('UPDATE meta SET version = ?', MIGRATIONS.length)
}

export interface LaneRow {
  readonly id: number
  /** The first position that no file has. */
  readonly open: number
  /** The next position. */
  readonly next: number
}

export function findLane(sql: SqlLike, lane: Lane): LaneRow | undefined {
  const row = sql
    .exec('SELECT id, open, next FROM lanes WHERE word = ?', laneWord(lane))
    .toArray()[0]
  return row && { id: Number(row.id), open: Number(row.open), next: Number(row.next) }
}

export function findOrCreateLane(sql: SqlLike, lane: Lane): LaneRow {
  const found = findLane(sql, lane)
  if (found) return found
  sql.exec(
    'INSERT INTO lanes (word, open, next, bytes, opened_at) VALUES (?, 0, 0, 0, NULL)',
    laneWord(lane),
  )
  return findOrCreateLane(sql, lane)
}

export function laneStates(sql: SqlLike): LaneState[] {
  return sql
    .exec('SELECT word, open, next, bytes, opened_at FROM lanes ORDER BY id')
    .toArray()
    .map((row) => ({
      lane: laneOf(row.word),
      begin: Number(row.open),
      end: Number(row.next),
      bytes: Number(row.bytes),
      openedAtMs: row.opened_at === null ? undefined : Number(row.opened_at),
    }))
}

/** A lane as one text: JSON, so that no two lanes share it. */
function laneWord({ stream, partition, shard, schema }: Lane): string {
  return JSON.stringify([stream, partition, shard, schema])
}

export function laneOf(word: SqlValue | undefined): Lane {
  const [stream, partition, shard, schema] = JSON.parse(String(word)) as [
    string,
    string,
    string,
    string,
  ]
  return { stream, partition, shard, schema }
}
