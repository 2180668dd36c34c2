import type { Encoding, Lane, LanePosition, LaneState } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import type { SqlLike, SqlValue } from './durable-object.ts'
import { encodingOf, encodingText } from './encodings.ts'
import { otherEncoding } from './refusals.ts'

/**
 * Each entry brings the tables from one version to the next; entries are only ever added. `position` columns are
 * record numbers within a lane. A blob or text may hold 2 MB at most
 * (https://developers.cloudflare.com/durable-objects/platform/limits/), hence `piece`.
 */
const MIGRATIONS: readonly string[][] = [
  [
    // Few, and long: a schema has a text for each column.
    'CREATE TABLE encodings (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)',
    // encoding: of the open records.
    `CREATE TABLE lanes (
      id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE, open INTEGER NOT NULL, next INTEGER NOT NULL,
      bytes REAL NOT NULL, opened_at INTEGER, encoding INTEGER NOT NULL)`,
    // A lane is kept for its positions as long as the log is, and most of them are idle.
    'CREATE INDEX open_lanes ON lanes (id) WHERE next > open',
    // size: of the body, all pieces together, on the first piece; bytes: as the append declared them.
    `CREATE TABLE blocks (
      lane INTEGER NOT NULL, first INTEGER NOT NULL, piece INTEGER NOT NULL,
      next INTEGER NOT NULL, size INTEGER NOT NULL, bytes REAL NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL,
      PRIMARY KEY (lane, first, piece)) WITHOUT ROWID`,
    // etag and bytes are there when the file is committed.
    `CREATE TABLE files (
      number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, lane INTEGER NOT NULL,
      first INTEGER NOT NULL, next INTEGER NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL, sealed_at INTEGER NOT NULL,
      row_bytes REAL NOT NULL, encoding INTEGER NOT NULL, upload TEXT, checkpoint TEXT, etag TEXT, bytes INTEGER)`,
    'CREATE INDEX files_by_position ON files (lane, next)',
    `CREATE TABLE producers (
      id TEXT NOT NULL, piece INTEGER NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL,
      at INTEGER NOT NULL, answer BLOB NOT NULL, PRIMARY KEY (id, piece)) WITHOUT ROWID`,
  ],
  [
    // stored_*: the object's, between its upload and the commit. The upload's text holds the parts and the checkpoint too.
    'ALTER TABLE files ADD COLUMN run TEXT',
    'ALTER TABLE files ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0',
    `UPDATE files SET opened_at = coalesce(
       (SELECT at FROM blocks WHERE lane = files.lane AND blocks.next > files.first ORDER BY blocks.first LIMIT 1), sealed_at)`,
    'ALTER TABLE files ADD COLUMN stored_etag TEXT',
    'ALTER TABLE files ADD COLUMN stored_bytes INTEGER',
    `UPDATE files SET checkpoint = NULL, upload = json_object(
       'token', json(upload), 'partBytes', 0, 'parts', json_array()) WHERE upload IS NOT NULL`,
    'ALTER TABLE files DROP COLUMN checkpoint',
    'ALTER TABLE lanes ADD COLUMN last_at INTEGER',
    `UPDATE lanes SET last_at = (
       SELECT at FROM blocks WHERE lane = lanes.id ORDER BY first DESC LIMIT 1) WHERE next > open`,
  ],
  [
    // Of the requests before the last one, whose answer has a column of its own: it may be of any length. On the first piece.
    `ALTER TABLE producers ADD COLUMN earlier TEXT NOT NULL DEFAULT '[]'`,
  ],
  [
    // The ranges of a ProducerRun, or of none. On the first piece; null where the epoch began under an older version.
    'ALTER TABLE producers ADD COLUMN runs TEXT',
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

export interface LaneRow extends LaneState {
  readonly id: number
  /** The encoding's own row. */
  readonly encodingId: number
}

const LANES = `SELECT lanes.*, encodings.text FROM lanes JOIN encodings ON encodings.id = lanes.encoding`

export function findLane(sql: SqlLike, lane: Lane): LaneRow | undefined {
  const row = sql.exec(`${LANES} WHERE word = ?`, laneWord(lane)).toArray()[0]
  return row && { ...laneState(row), id: Number(row.id), encodingId: Number(row.encoding) }
}

/** The lane that rows of this encoding can be appended to. Throws `invalid-options` where its open rows have another. */
export function laneFor(sql: SqlLike, lane: Lane, encoding: Encoding): LaneRow {
  const found = findLane(sql, lane)
  const text = encodingText(encoding)
  if (found && encodingText(found.encoding) === text) return found
  if (found && found.end > found.begin) throw otherEncoding(lane)
  sql.exec('INSERT OR IGNORE INTO encodings (text) VALUES (?)', text)
  sql.exec(
    `INSERT INTO lanes (word, open, next, bytes, encoding)
     VALUES (?, 0, 0, 0, (SELECT id FROM encodings WHERE text = ?))
     ON CONFLICT (word) DO UPDATE SET encoding = excluded.encoding`,
    laneWord(lane),
    text,
  )
  return findLane(sql, lane) as LaneRow
}

export function openLanes(sql: SqlLike): LaneState[] {
  return sql.exec(`${LANES} WHERE next > open ORDER BY lanes.id`).toArray().map(laneState)
}

export function lanePositions(sql: SqlLike): LanePosition[] {
  return sql
    .exec(
      `SELECT word, next, coalesce(
         (SELECT min(first) FROM files WHERE lane = lanes.id AND etag IS NULL), open) AS committed
       FROM lanes ORDER BY id`,
    )
    .toArray()
    .map(({ word, committed, next }) => ({
      lane: laneOf(word),
      committed: Number(committed),
      end: Number(next),
    }))
}

function laneState(row: Record<string, SqlValue>): LaneState {
  return {
    lane: laneOf(row.word),
    begin: Number(row.open),
    end: Number(row.next),
    bytes: Number(row.bytes),
    openedAtMs: row.opened_at === null ? undefined : Number(row.opened_at),
    lastAtMs: row.opened_at === null ? undefined : Number(row.last_at),
    encoding: encodingOf(String(row.text)),
  }
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
