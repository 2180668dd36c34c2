import type { FileLike, FilesLike } from '../../../compat/bytewax/index.ts'
import type { Random } from '../random.ts'
import type { Owner, Scheduler } from '../scheduler.ts'

const MOST_MS = 5
/** Every path of the model lies in it. */
const FOLDER = '.'

interface Inode {
  bytes: Uint8Array
  synced: Uint8Array
  nameSynced: boolean
}

interface Write {
  readonly by: Owner
  readonly inode: Inode
  readonly bytes: Uint8Array
  readonly position: number
}

/**
 * Files on a disk that keeps what was synced, and of the rest, after a crash of the machine, what it likes. A process alone that dies
 * leaves what it had written, and of what it was writing a part.
 */
export class ModelFiles {
  readonly #files = new Map<string, Inode>()
  readonly #writes = new Set<Write>()
  readonly #random: Random
  readonly #scheduler: Scheduler

  constructor(random: Random, scheduler: Scheduler) {
    this.#random = random
    this.#scheduler = scheduler
  }

  text(path: string): string {
    return new TextDecoder().decode(this.#files.get(path)?.bytes)
  }

  died(by: Owner): void {
    for (const write of this.#writes) {
      if (write.by !== by) continue
      this.#writes.delete(write)
      const length = this.#random.between(0, write.bytes.byteLength)
      apply(write.inode, write.bytes.subarray(0, length), write.position)
    }
  }

  /** After the death of all processes. */
  crash(): void {
    for (const [path, inode] of this.#files) {
      const { bytes, synced } = inode
      if (!inode.nameSynced && this.#random.chance(0.5)) this.#files.delete(path)
      // What is newer, up to some place, and behind it what was synced: writes do not reach the disk in their order.
      const at = this.#random.pick([0, bytes.byteLength, this.#random.between(0, bytes.byteLength)])
      const size = this.#random.pick([bytes.byteLength, synced.byteLength])
      const mixed = new Uint8Array(Math.max(size, 0))
      mixed.set(synced.subarray(0, size))
      mixed.set(bytes.subarray(0, Math.min(at, size)))
      inode.bytes = mixed
      inode.synced = mixed.slice()
    }
  }

  view(by: Owner): FilesLike {
    return {
      open: (path, flags) =>
        this.#call(by, `open ${path} ${flags}`, () => {
          if (flags === 'r') return this.#folder(by)
          const inode = this.#files.get(path)
          if (inode) return this.#file(by, path, inode)
          if (flags === 'r+') throw Object.assign(new Error(path), { code: 'ENOENT' })
          const made = { bytes: new Uint8Array(0), synced: new Uint8Array(0), nameSynced: false }
          this.#files.set(path, made)
          return this.#file(by, path, made)
        }),
    }
  }

  #file(by: Owner, path: string, inode: Inode): FileLike {
    const call = <T>(what: string, effect: () => T): Promise<T> =>
      this.#call(by, `${what} ${path}`, effect)
    return {
      stat: () => call('stat', () => ({ size: inode.bytes.byteLength })),
      truncate: (size) =>
        call('truncate', () => {
          inode.bytes = inode.bytes.slice(0, size)
        }),
      write: async (buffer, offset, length, position) => {
        const bytesWritten = this.#random.between(1, length)
        const bytes = buffer.slice(offset, offset + bytesWritten)
        const write = { by, inode, bytes, position }
        this.#writes.add(write)
        await call(`write ${bytesWritten} to`, () => {
          this.#writes.delete(write)
          apply(inode, bytes, position)
        })
        return { bytesWritten }
      },
      sync: () =>
        call('sync', () => {
          inode.synced = inode.bytes.slice()
        }),
      close: () => call('close', () => {}),
    }
  }

  #folder(by: Owner): FileLike {
    const refused = (): Promise<never> => Promise.reject(new Error('EISDIR'))
    return {
      stat: refused,
      truncate: refused,
      write: refused,
      sync: () =>
        this.#call(by, `sync ${FOLDER}`, () => {
          for (const inode of this.#files.values()) inode.nameSynced = true
        }),
      close: () => this.#call(by, `close ${FOLDER}`, () => {}),
    }
  }

  async #call<T>(by: Owner, what: string, effect: () => T): Promise<T> {
    await this.#scheduler.wait(by, `disk: ${what}`, this.#random.fraction() * MOST_MS)
    return effect()
  }
}

function apply(inode: Inode, bytes: Uint8Array, position: number): void {
  const size = Math.max(inode.bytes.byteLength, position + bytes.byteLength)
  const larger = new Uint8Array(size)
  larger.set(inode.bytes)
  larger.set(bytes, position)
  inode.bytes = larger
}
