import type {
  Appended,
  CommittedFile,
  LanePosition,
  LaneRange,
  LogBatch,
  LogSession,
  LogState,
  Rows,
  Sealed,
  SealedFile,
  StoredFile,
  UploadProgress,
} from '../../contracts/index.ts'
import { asSluiceError, SluiceError } from '../../core/errors.ts'
import { encodingText } from '../encodings.ts'
import { neverSealed } from '../refusals.ts'
import { decodeAll, encodeRows } from '../row-codec.ts'
import type { AppendChange, Change } from './changes.ts'
import { boundedPayload } from './frames.ts'
import type { GroupCommit, Transaction } from './group-commit.ts'
import { blockAt } from './lane-entry.ts'
import type { Ledger } from './ledger.ts'
import { RunReader, runOf } from './runs.ts'

/** What an owner of a segment log calls: each method is a transaction of the group commit, judged when its turn has come. */
export class SegmentSession<R extends object> implements LogSession<R> {
  readonly state: LogState
  readonly #ledger: Ledger
  readonly #commits: GroupCommit

  constructor(ledger: Ledger, commits: GroupCommit) {
    this.#ledger = ledger
    this.#commits = commits
    this.state = {
      lanes: ledger.openLanes(),
      sealed: ledger.pendingFiles(),
      runs: ledger.producerRuns(),
    }
  }

  async append(batch: LogBatch<R>): Promise<Appended> {
    const { producer, rejected, atMs } = batch
    // Text at once, while others wait for the disk; and a caller may change its rows afterwards.
    const parts = batch.lanes
      .filter(({ rows }) => rows.length > 0)
      .map(({ lane, rows, bytes, encoding }) => {
        const blocks = encodeRows(rows)
        for (const { body } of blocks) boundedPayload(body)
        return { lane, bytes, blocks, encoding: encodingText(encoding) }
      })
    return this.#commits.run((transaction) => {
      const answered = producer && this.#ledger.earlierAnswer(producer)
      if (answered) return answered
      let fresh = 0
      const change: AppendChange = {
        kind: 'append',
        parts: parts.map(({ lane, encoding, bytes, blocks }) => {
          const part = this.#ledger.partFor(lane, encoding, fresh)
          if (part.name) fresh++
          return { ...part, bytes, rows: blocks.map(({ rows }) => rows) }
        }),
        atMs,
        ...(producer ? { producer, rejected } : {}),
      }
      if (parts.length === 0 && !producer) return { ranges: [], rejected, duplicate: false }
      const bodies = parts.flatMap(({ blocks }) => blocks.map(({ body }) => body))
      const places = transaction.write(change, bodies)
      return { ranges: this.#ledger.append(change, places), rejected, duplicate: false }
    })
  }

  async *read(file: SealedFile): AsyncGenerator<Rows<R>, void, undefined> {
    const reader = new RunReader()
    for (let at = file.begin; at < file.end; ) {
      // Again for each batch: rows move to other segments, and owners are fenced, while the caller works.
      await this.#commits.run(() => {})
      const entry = this.#ledger.sealed.get(file.id)
      if (!entry || entry.file.stored) {
        throw new SluiceError('not-found', `The log does not hold the records of "${file.key}"`, {
          key: file.key,
        })
      }
      const { blocks } = entry.lane
      const run = runOf(blocks, blockAt(blocks, at))
      const texts = await reader.read(run).catch((error: unknown) => {
        throw asSluiceError(error, 'unavailable', 'The log could not be read', { key: file.key })
      })
      let first = run[0]?.first ?? 0
      for (const rows of decodeAll(texts)) {
        const some = rows.slice(Math.max(0, at - first), Math.max(0, file.end - first))
        first += rows.length
        at += some.length
        if (some.length > 0) yield some as Rows<R>
      }
    }
  }

  seal(file: SealedFile): Promise<Sealed> {
    return this.#commits.run((transaction) => {
      transaction.write(this.#ledger.sealChange(file))
      return this.#ledger.seal(file)
    })
  }

  progress(fileId: string, upload: UploadProgress | undefined): Promise<void> {
    return this.#commits.run((transaction) => {
      if (!this.#ledger.sealed.has(fileId)) throw neverSealed(fileId)
      this.#apply(transaction, { kind: 'progress', id: fileId, upload })
    })
  }

  store(files: readonly StoredFile[]): Promise<void> {
    return this.#commits.run((transaction) => {
      this.#apply(transaction, { kind: 'store', files: this.#ledger.filesOf(files) })
    })
  }

  commit(files: readonly CommittedFile[]): Promise<void> {
    return this.#commits.run((transaction) => {
      const known = this.#ledger.filesOf(files)
      if (known.length > 0) this.#apply(transaction, { kind: 'commit', files: known })
    })
  }

  committed(range: LaneRange): Promise<readonly CommittedFile[]> {
    return this.#commits.run(() => this.#ledger.committed(range))
  }

  async *positions(): AsyncGenerator<LanePosition, void, undefined> {
    yield* await this.#commits.run(() => this.#ledger.positions())
  }

  close(): Promise<void> {
    return this.#commits.close()
  }

  #apply(transaction: Transaction, change: Change): void {
    transaction.write(change)
    this.#ledger.apply(change, [])
  }
}
