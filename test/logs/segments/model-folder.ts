import type { Bytes } from '../../../src/contracts/index.ts'
import { concatBytes } from '../../../src/core/bytes.ts'
import type { LogFile, LogFiles } from '../../../src/logs/segments/log-files.ts'

/** What a log did to its folder. */
export type Operation =
  | { readonly kind: 'create' | 'remove' | 'sync'; readonly name: string }
  | { readonly kind: 'append'; readonly name: string; readonly bytes: Bytes }
  | { readonly kind: 'sync-names' }

/** What a crash leaves of that which was not synced. */
export interface Crash {
  readonly appends: 'dropped' | 'kept' | 'halved'
  readonly names: 'dropped' | 'kept'
}

export const CRASHES: readonly Crash[] = (['dropped', 'kept', 'halved'] as const).flatMap(
  (appends) => (['dropped', 'kept'] as const).map((names) => ({ appends, names })),
)

/** A folder in memory that remembers every operation, and can be told to fail. */
export class ModelFolder implements LogFiles {
  readonly files: Map<string, Bytes>
  readonly operations: Operation[] = []
  /** Called before each operation is done: an error that it throws, or rejects with, is the operation's. */
  before: (operation: Operation) => unknown = () => {}

  constructor(files: ReadonlyMap<string, Bytes> = new Map()) {
    this.files = new Map(files)
  }

  /** The newest segment. */
  get last(): string {
    return (
      [...this.files.keys()]
        .filter((name) => name.startsWith('segment'))
        .sort()
        .at(-1) ?? ''
    )
  }

  bytesOf(name: string): Bytes {
    return this.files.get(name) ?? new Uint8Array(0)
  }

  async list(): Promise<readonly string[]> {
    return [...this.files.keys()]
  }

  async create(name: string): Promise<boolean> {
    if (this.files.has(name)) return false
    this.files.set(name, new Uint8Array(0))
    await this.#do({ kind: 'create', name })
    return true
  }

  async open(name: string): Promise<LogFile> {
    await this.create(name)
    const folder = this
    return {
      get sizeBytes() {
        return folder.bytesOf(name).byteLength
      },
      async append(bytes) {
        await folder.#do({ kind: 'append', name, bytes: bytes.slice() })
        folder.files.set(name, concatBytes([folder.bytesOf(name), bytes]))
      },
      sync: () => folder.#do({ kind: 'sync', name }),
      async read(start, into) {
        const bytes = folder.bytesOf(name)
        const end = start + into.byteLength
        if (end > bytes.byteLength) throw new Error('The file is shorter')
        into.set(bytes.subarray(start, end))
      },
      async close() {},
    }
  }

  async remove(name: string): Promise<void> {
    if (!this.files.has(name)) return
    await this.#do({ kind: 'remove', name })
    this.files.delete(name)
  }

  sync(): Promise<void> {
    return this.#do({ kind: 'sync-names' })
  }

  async #do(operation: Operation): Promise<void> {
    await this.before(operation)
    this.operations.push(operation)
  }
}

/** The folder as it is found after a crash when so many operations had been done. */
export function crashed(
  operations: readonly Operation[],
  count: number,
  crash: Crash,
): ModelFolder {
  const files = new Map<string, Bytes>()
  for (const operation of remains(operations, count, crash)) {
    if (operation.kind !== 'append') continue
    files.set(operation.name, concatBytes([files.get(operation.name) ?? NOTHING, operation.bytes]))
  }
  return new ModelFolder(files)
}

/** What a crash leaves, as operations: what was not synced before is not synced now, and may be gone after the next crash. */
export function remains(
  operations: readonly Operation[],
  count: number,
  crash: Crash,
): readonly Operation[] {
  const now = new Map<string, Bytes>()
  const synced = new Map<string, number>()
  let names = new Set<string>()
  /** Of every file that ever was: a removed one's are there as long as its name may be. */
  const last = new Map<string, Bytes>()
  for (const operation of operations.slice(0, count)) {
    if (operation.kind === 'create') now.set(operation.name, NOTHING)
    else if (operation.kind === 'append') {
      const before = now.get(operation.name) ?? NOTHING
      now.set(operation.name, concatBytes([before, operation.bytes]))
    } else if (operation.kind === 'sync') {
      synced.set(operation.name, now.get(operation.name)?.byteLength ?? 0)
    } else if (operation.kind === 'remove') now.delete(operation.name)
    else names = new Set(now.keys())
    for (const [name, bytes] of now) last.set(name, bytes)
  }
  const durable: Operation[] = []
  const unsure: Operation[] = []
  for (const name of crash.names === 'kept' ? now.keys() : names) {
    const all = last.get(name) ?? NOTHING
    const sure = synced.get(name) ?? 0
    const more = Math.floor(SHARES[crash.appends] * (all.byteLength - sure))
    const into = names.has(name) ? durable : unsure
    into.push({ kind: 'create', name })
    into.push({ kind: 'append', name, bytes: all.slice(0, sure) })
    into.push({ kind: 'sync', name })
    into.push({ kind: 'append', name, bytes: all.slice(sure, sure + more) })
  }
  return [...durable, { kind: 'sync-names' }, ...unsure]
}

const NOTHING: Bytes = new Uint8Array(0)
const SHARES = { dropped: 0, kept: 1, halved: 0.5 }
