import type { Bytes } from '../../contracts/index.ts'
import { ByteBuffer } from '../../core/byte-buffer.ts'
import { asSluiceError, isSluiceError, SluiceError } from '../../core/errors.ts'
import { beginSegment } from './begin-segment.ts'
import type { Change } from './changes.ts'
import { FrameBuffer, HEAD_BYTES, jsonPayload } from './frames.ts'
import type { BlockPlace, Ledger } from './ledger.ts'
import type { LogFiles } from './log-files.ts'
import { epochsIn } from './names.ts'
import type { Block, Segment } from './segment.ts'

/** What is written between two syncs, about. */
const GROUP_BYTES = 8 * 1024 * 1024
/** A segment of which less than this part is needed moves into the next one that begins. */
const SPARSE = 1 / 4

/** What one transaction writes. Nothing may throw after `write`. */
export interface Transaction {
  write(change: Change, bodies?: readonly Bytes[]): readonly BlockPlace[]
}

interface Waiting {
  readonly judge: (transaction: Transaction) => unknown
  readonly resolve: (answer: never) => void
  readonly reject: (error: unknown) => void
}

export interface GroupCommitOptions {
  readonly files: LogFiles
  readonly epoch: number
  readonly ledger: Ledger
  readonly segments: ReadonlySet<Segment>
  readonly segmentBytes: number
  /** Called once, when no file of this owner is open any more. */
  readonly onEnd: () => Promise<void>
}

/**
 * The one writer of an owner's segments. Transactions are judged in the order in which they came; those that come while a sync is under way
 * share the next one. Each is answered when what it wrote is durable, and this owner was found to be the log's owner after
 * that was written: whoever comes later reads it.
 *
 * After a failed write or sync nobody knows what the disk holds, so nothing is acknowledged any more: the owner is over, and the next one
 * takes over what it finds, into a file of its own.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions
  readonly #segments: Set<Segment>
  /** One for all groups: a group is in its file before the next one is gathered, and a new one for each is garbage of its size. */
  readonly #gathered = new ByteBuffer()
  #current: Segment | undefined
  /** How large the current segment was when it began. */
  #firstBytes = 0
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined
  /** What further calls hear. */
  #refusal: SluiceError | undefined
  /** What calls hear that are under way. */
  #over: SluiceError | undefined
  #ended: Promise<void> | undefined

  constructor(options: GroupCommitOptions) {
    this.#options = options
    this.#segments = new Set(options.segments)
  }

  /** Begins the first segment of this owner, which takes in the rows that `moves` names. Nothing else is called before. */
  async start(moves: (block: Block) => boolean): Promise<void> {
    await this.#begin(moves)
  }

  /** Which segments the log still needs. */
  get segments(): ReadonlySet<Segment> {
    return this.#segments
  }

  run<T>(judge: (transaction: Transaction) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#refusal) {
        reject(this.#refusal)
        return
      }
      this.#waiting.push({ judge, resolve, reject })
      this.#running ??= this.#work()
    })
  }

  async close(): Promise<void> {
    const closed = fenced()
    this.#refusal ??= closed
    await this.#running
    // Says that the last group was synced. Where it cannot be said, nothing is lost.
    if (!this.#over) await this.#commit(this.#frames('group')).catch(() => {})
    await this.end(closed)
  }

  /** Lets go of the files, when what is being written is. */
  end(reason: SluiceError = fenced()): Promise<void> {
    this.#refusal ??= reason
    this.#over ??= reason
    this.#ended ??= this.#release()
    return this.#ended
  }

  async #release(): Promise<void> {
    await this.#running
    await Promise.allSettled([...this.#segments].map((segment) => segment.close()))
    await this.#options.onEnd()
  }

  async #work(): Promise<void> {
    // Calls that are made in one go share a group.
    await undefined
    while (this.#waiting.length > 0) {
      const failed = await this.#commitGroup().catch((error: unknown) => this.#fail(error))
      if (failed) for (const { reject } of this.#waiting.splice(0)) reject(failed)
    }
    this.#running = undefined
  }

  async #commitGroup(): Promise<void> {
    if (this.#over) throw this.#over
    if (this.#isDue()) await this.#begin(isSparse)
    const frames = this.#frames()
    const transaction = this.#transaction(frames)
    const answers: (() => void)[] = []
    for (const { judge, resolve, reject } of this.#waiting) {
      try {
        const answer = judge(transaction)
        answers.push(() => resolve(answer as never))
      } catch (error) {
        answers.push(() => reject(error))
      }
      if (frames.byteLength >= GROUP_BYTES) break
    }
    await this.#commit(frames)
    this.#waiting.splice(0, answers.length)
    for (const answer of answers) answer()
    await this.#removeDead()
  }

  #frames(first?: 'group'): FrameBuffer {
    const { name, sizeBytes } = this.#current as Segment
    const frames = new FrameBuffer(name, sizeBytes, this.#gathered)
    if (first) frames.add(first)
    return frames
  }

  #transaction(frames: FrameBuffer): Transaction {
    const segment = this.#current as Segment
    return {
      write(change, bodies = []) {
        // First, since it may be too large.
        const payload = jsonPayload(change)
        frames.reserve([...bodies, payload])
        if (frames.byteLength === 0) frames.add('group')
        const places = bodies.map((body) => ({
          segment,
          offset: frames.add('block', body),
          length: HEAD_BYTES + body.byteLength,
        }))
        frames.add('change', payload)
        return places
      },
    }
  }

  /**
   * What is written is durable when this resolves, and this owner was the log's when it had written it. It looks while the disk syncs: whoever
   * comes after the look reads what was written before it, synced or not, and makes it durable before it acknowledges anything.
   */
  async #commit(frames: FrameBuffer): Promise<void> {
    const segment = this.#current as Segment
    const isWritten = frames.byteLength > 0
    if (isWritten) {
      await segment.append(frames.bytes)
      frames.clear()
    }
    // Both to their end: after a failure the files are closed.
    const done = await Promise.allSettled([isWritten && segment.sync(), this.#checkOwner()])
    for (const one of done) if (one.status === 'rejected') throw one.reason
  }

  /** Whoever comes later makes its epoch's file first, and reads the segments then. */
  async #checkOwner(): Promise<void> {
    const { files, epoch } = this.#options
    const names = await files.list()
    if (this.#over) throw this.#over
    if (epochsIn(names).some((other) => other > epoch)) throw fenced()
  }

  async #fail(error: unknown): Promise<SluiceError> {
    const later = await this.#checkOwner().catch((other: unknown) => other)
    const reason = isSluiceError(later, 'fenced') ? later : error
    const over = asSluiceError(
      reason,
      'unavailable',
      'The log could not be written, and takes nothing more until it is opened again',
    )
    void this.end(over)
    return over
  }

  /**
   * A segment begins when the current one has grown by its size, or by the size of what it began with where that is more; or when the
   * log takes more than four times the room of its rows, and two segments besides.
   */
  #isDue(): boolean {
    const { sizeBytes } = this.#current as Segment
    const room = Math.max(this.#options.segmentBytes, this.#firstBytes)
    if (sizeBytes - this.#firstBytes >= room) return true
    let size = 0
    let live = 0
    for (const segment of this.#segments) {
      size += segment.sizeBytes
      live += segment.liveBytes
    }
    return size > live / SPARSE + 2 * room
  }

  async #begin(moves: (block: Block) => boolean): Promise<void> {
    const { files, epoch, ledger } = this.#options
    const number = this.#current ? this.#current.name.number + 1 : 0
    const segment = await beginSegment(files, { epoch, number }, ledger, moves)
    this.#segments.add(segment)
    this.#current = segment
    this.#firstBytes = segment.sizeBytes
    await this.#checkOwner()
    await this.#removeDead()
  }

  /** Only after this owner was found to be the log's: a later one may need what this one does not know of. */
  async #removeDead(): Promise<void> {
    for (const segment of this.#segments) {
      if (segment.liveBytes > 0 || segment === this.#current) continue
      this.#segments.delete(segment)
      // What cannot be removed now is removed by the next owner.
      await segment.remove().catch(() => {})
    }
  }
}

/** Rows of a segment that is mostly gone. */
export function isSparse({ segment }: Block): boolean {
  return segment.liveBytes < segment.sizeBytes * SPARSE
}

function fenced(): SluiceError {
  return new SluiceError('fenced', 'This log was closed, or another owner has opened it')
}
