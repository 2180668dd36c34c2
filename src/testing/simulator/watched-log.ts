import type { LaneState, Log, LogSession, Sealed, StoredFile } from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
import { laneId } from '../../core/lane.ts'
import type { BegunWatch } from './begun-watch.ts'
import type { Oracle } from './oracle.ts'
import type { Owner } from './scheduler.ts'

/** Few enough for an encoder to be in the middle of a file when its process dies. */
const READ_ROWS = 2

/** What is known of one shard's log, whoever has it open. */
export interface LogWatch {
  readonly oracle: Oracle
  readonly maxPendingBytes: number
  /** Counts the beginnings and the ends of openings. */
  count: number
  /** When the last of those began that have ended. */
  lastBegan: number
  /** Where the log is one in memory. */
  readonly begun: BegunWatch | undefined
}

/** A log whose calls the oracle sees: nobody does anything after the next owner has it, and no more waits in it than may. */
export function watchedLog(log: Log, by: Owner, watch: LogWatch): Log {
  const { oracle } = watch
  return {
    inMemory: log.inMemory,
    async open(owner) {
      const began = ++watch.count
      const inner = await log.open(owner)
      watch.lastBegan = Math.max(watch.lastBegan, began)
      return watchedSession(inner, ++watch.count)
    },
  }

  function watchedSession(inner: LogSession, opened: number): LogSession {
    const { lanes, sealed } = inner.state
    const weights = new Map(
      sealed
        .filter(({ stored }) => !stored)
        .map(({ id, rowBytes }) => [id, rowBytes - (watch.begun?.takenBytes(id) ?? 0)] as const),
    )
    /** By lane: what its begun file has taken. */
    const taken = new Map(lanes.map(({ lane, begun }) => [laneId(lane), begun?.rowBytes ?? 0]))
    let pendingBytes = [...lanes.map(heldBytes), ...weights.values()].reduce(
      (sum, bytes) => sum + bytes,
      0,
    )
    for (const { upload } of [...sealed, ...lanes.flatMap(({ begun }) => begun ?? [])]) {
      if (upload) oracle.uploads.logged(upload.token.uploadId, by)
    }

    /** Their rows are gone. */
    function forget(files: readonly StoredFile[]): void {
      for (const { id } of files) {
        pendingBytes -= weights.get(id) ?? 0
        weights.delete(id)
      }
    }

    async function change<T>(what: string, effect: () => Promise<T>): Promise<T> {
      // Of two openings at once, either may be the later one.
      const fenced = watch.lastBegan > opened
      const answer = await effect()
      if (fenced) oracle.fail(`${by.name} is fenced, and could ${what}`)
      return answer
    }

    /** A file that was begun ends for want of memory only where its columns have no place for what comes. */
    async function checkCut(session: LogSession, { file, rest }: Sealed): Promise<void> {
      const schema = file.upload && 'begun' in file.upload ? file.upload.begun.schema : undefined
      if (!schema || file.reason !== 'memory' || rest.end === rest.begin) return
      const names = schema.fields.map(({ name }) => name)
      const next = { lane: file.lane, begin: rest.begin, end: rest.begin + 1 }
      for await (const rows of session.begun?.read(next) ?? []) {
        const [row = {}] = rows
        if (Object.keys(row).some((name) => !names.includes(name))) continue
        oracle.fail(`${file.key} was cut before ${row.id}, and its columns have a place for that`)
      }
    }

    const { begun } = inner
    return {
      state: inner.state,
      async *read(file) {
        for await (const rows of inner.read(file)) {
          for (let i = 0; i < rows.length; i += READ_ROWS) yield rows.slice(i, i + READ_ROWS)
        }
      },
      committed: (range) => inner.committed(range),
      positions: () => inner.positions(),
      close: () => inner.close(),
      async append(batch) {
        const bytes = batch.lanes.reduce((sum, lane) => sum + lane.bytes, 0)
        if (pendingBytes > 0 && pendingBytes + bytes > watch.maxPendingBytes) {
          oracle.fail(`${by.name} has ${pendingBytes} bytes waiting, and takes ${bytes} more`)
        }
        pendingBytes += bytes
        let kept = false
        try {
          const appended = await change('append', () => inner.append(batch))
          kept = !appended.duplicate
          return appended
        } finally {
          if (!kept) pendingBytes -= bytes
        }
      },
      async seal(file) {
        const sealed = await change(`seal ${file.key}`, () => inner.seal(file)).catch(
          (error: unknown) => {
            if (isSluiceError(error, 'invalid-options')) oracle.fail(error.message)
            throw error
          },
        )
        weights.set(file.id, sealed.file.rowBytes - (watch.begun?.takenBytes(file.id) ?? 0))
        taken.delete(laneId(file.lane))
        await checkCut(inner, sealed)
        return sealed
      },
      async progress(id, upload) {
        try {
          await change('progress', () => inner.progress(id, upload))
        } catch (error) {
          if (upload && isSluiceError(error, 'fenced'))
            oracle.uploads.doubted(upload.token.uploadId)
          throw error
        }
        if (upload) oracle.uploads.logged(upload.token.uploadId, by)
      },
      ...(begun && {
        begun: {
          async *read(range) {
            for await (const rows of begun.read(range)) {
              for (let i = 0; i < rows.length; i += READ_ROWS) yield rows.slice(i, i + READ_ROWS)
            }
          },
          async keep(lane, file) {
            if (file && weights.size > 0)
              oracle.fail(`${file.key} grows beside what is being published`)
            const state = await change('keep', () => begun.keep(lane, file)).catch((error) => {
              if (file) oracle.uploads.doubted(file.upload.token.uploadId)
              throw error
            })
            if (file) {
              const takenBytes = state.begun?.rowBytes ?? 0
              pendingBytes -= takenBytes - (taken.get(laneId(lane)) ?? 0)
              taken.set(laneId(lane), takenBytes)
              oracle.uploads.logged(file.upload.token.uploadId, by)
            }
            return state
          },
          giveUp: (id) => change('give up', () => begun.giveUp(id)),
        },
      }),
      async store(files) {
        await change('store', () => inner.store(files))
        forget(files)
      },
      async commit(files) {
        for (const file of files) oracle.checkCommitted(file)
        await change('commit', () => inner.commit(files))
        forget(files)
      },
    }
  }
}

/** What is in the log: not what a begun file has taken. */
function heldBytes({ bytes, begun }: LaneState): number {
  return bytes - (begun?.rowBytes ?? 0)
}
