import type { Bytes } from '../../contracts/index.ts'
import { ByteBuffer } from '../../core/byte-buffer.ts'
import { concatBytes } from '../../core/bytes.ts'
import type { LogFile, LogFiles } from '../../logs/segments/log-files.ts'
import type { Random } from './random.ts'
import type { Owner, Scheduler } from './scheduler.ts'

const MOST_MS = 5

interface Inode {
  contents: ByteBuffer
  syncedBytes: number
}

interface Append {
  readonly by: Owner | undefined
  readonly inode: Inode
  /** The caller's, as they are when they are written: whoever writes over them before has written something else. */
  readonly bytes: Bytes
}

/**
 * A folder of a disk that keeps what was synced, and of the rest, after a crash of the machine, what it likes: all, a part, or a part and
 * then what nobody wrote. A process alone that dies leaves what it had written, and of what it was writing a part.
 */
export class ModelDisk {
  #names = new Map<string, Inode>()
  /** As a crash of the machine may leave them: none of the changes since. */
  #syncedNames = new Map<string, Inode>()
  readonly #appends = new Set<Append>()
  readonly #random: Random
  readonly #scheduler: Scheduler
  readonly #failureRate: () => number

  constructor(random: Random, scheduler: Scheduler, failureRate: () => number) {
    this.#random = random
    this.#scheduler = scheduler
    this.#failureRate = failureRate
  }

  /** The process is dead: of what it was writing, some has been written. */
  died(by: Owner): void {
    for (const append of this.#appends) {
      if (append.by !== by) continue
      this.#appends.delete(append)
      append.inode.contents.append(this.#partOf(append.bytes))
    }
  }

  /** The machine stops, and with it all of the processes, which have died before. */
  crash(): void {
    const random = this.#random
    const names = new Map(this.#syncedNames)
    for (const name of new Set([...this.#names.keys(), ...names.keys()])) {
      const now = this.#names.get(name)
      if (now === names.get(name) || random.chance(0.5)) continue
      if (now) names.set(name, now)
      else names.delete(name)
    }
    this.#names = names
    this.#syncedNames = new Map(names)
    for (const inode of new Set(names.values())) {
      const { bytes } = inode.contents
      const contents = new ByteBuffer()
      contents.append(bytes.subarray(0, inode.syncedBytes))
      contents.append(this.#torn(bytes.subarray(inode.syncedBytes)))
      inode.contents = contents
      inode.syncedBytes = contents.byteLength
    }
  }

  /** The folder as one process sees it; at once, and without a fault, for nobody's. */
  view(by: Owner | undefined): LogFiles {
    const call = <T>(what: string, effect: () => T): Promise<T> => this.#call(by, what, effect)
    return {
      list: () => call('list', () => [...this.#names.keys()]),
      create: (name) =>
        call(`create ${name}`, () => {
          if (this.#names.has(name)) return false
          this.#names.set(name, newInode())
          return true
        }),
      open: (name) =>
        call(`open ${name}`, () => {
          const inode = this.#names.get(name) ?? newInode()
          this.#names.set(name, inode)
          return this.#file(by, name, inode)
        }),
      remove: (name) => call(`remove ${name}`, () => void this.#names.delete(name)),
      sync: () =>
        call('sync names', () => {
          this.#syncedNames = new Map(this.#names)
        }),
    }
  }

  #file(by: Owner | undefined, name: string, inode: Inode): LogFile {
    const call = <T>(what: string, effect: () => T): Promise<T> =>
      this.#call(by, `${what} ${name}`, effect)
    return {
      get sizeBytes() {
        return inode.contents.byteLength
      },
      append: async (bytes) => {
        const append = { by, inode, bytes }
        this.#appends.add(append)
        try {
          await call(`append ${bytes.byteLength} to`, () => {
            this.#appends.delete(append)
            inode.contents.append(append.bytes)
          })
        } catch (error) {
          if (this.#appends.delete(append)) inode.contents.append(this.#partOf(append.bytes))
          throw error
        }
      },
      sync: async () => {
        // What is appended meanwhile may be left out.
        const { byteLength } = inode.contents
        await call('sync', () => {
          inode.syncedBytes = Math.max(inode.syncedBytes, byteLength)
        })
      },
      read: (start, into) =>
        call('read', () => {
          const { bytes } = inode.contents
          const end = start + into.byteLength
          if (end > bytes.byteLength) throw new Error(`${name} is shorter than ${end} bytes`)
          into.set(bytes.subarray(start, end))
        }),
      close: () => call('close', () => {}),
    }
  }

  async #call<T>(by: Owner | undefined, what: string, effect: () => T): Promise<T> {
    if (!by) return effect()
    const fails = this.#random.chance(this.#failureRate())
    await this.#scheduler.wait(
      by,
      `disk: ${what}${fails ? ' fails' : ''}`,
      this.#random.fraction() * MOST_MS,
    )
    if (fails) throw new Error(`EIO, ${what}`)
    return effect()
  }

  #partOf(bytes: Bytes): Bytes {
    return bytes.slice(0, this.#random.between(0, bytes.byteLength))
  }

  #torn(bytes: Bytes): Bytes {
    const kept = this.#random.pick([bytes.slice(), this.#partOf(bytes), bytes.slice(0, 0)])
    const garbage = new Uint8Array(this.#random.pick([0, 0, bytes.byteLength - kept.byteLength]))
    // The file's size is written before its bytes are: zeros, or what another file has left.
    if (this.#random.chance(0.5)) this.#random.fill(garbage)
    return concatBytes([kept, garbage])
  }
}

function newInode(): Inode {
  return { contents: new ByteBuffer(), syncedBytes: 0 }
}
