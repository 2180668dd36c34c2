import type { Log, LogSession, StoredFile } from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
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
      sealed.map(({ id, rowBytes, stored }) => [id, stored ? 0 : rowBytes] as const),
    )
    let pendingBytes = [...lanes.map(({ bytes }) => bytes), ...weights.values()].reduce(
      (sum, bytes) => sum + bytes,
      0,
    )
    for (const { upload } of sealed) if (upload) oracle.uploads.logged(upload.token.uploadId, by)

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
        const sealed = await change(`seal ${file.key}`, () => inner.seal(file))
        weights.set(file.id, sealed.file.rowBytes)
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
