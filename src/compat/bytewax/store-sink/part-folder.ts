import type { MultipartToken, Store } from '../../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../../core/errors.ts'
import { escapeSegment } from '../../../core/keys.ts'

const DIGITS = 19

/** What is to go: to an output of objects, what truncation is to a file. */
export interface Leftovers {
  readonly uploads: readonly MultipartToken[]
  readonly keys: readonly string[]
}

/** The folder of a partition: a file for each epoch in which it was written, named by the position of its first record. */
export class PartFolder {
  readonly #store: Store
  /** What every key in it begins with. */
  readonly path: string
  readonly #extension: string

  constructor(store: Store, prefix: string, part: string, extension: string) {
    this.#store = store
    this.path = `${prefix === '' ? '' : `${prefix}/`}${escapeSegment(part)}/`
    this.#extension = extension
  }

  holds(key: string | undefined): boolean {
    return typeof key === 'string' && key.startsWith(this.path)
  }

  keyOf(begin: number): string {
    return `${this.path}${digits(begin)}.${this.#extension}`
  }

  /**
   * What other executions have left behind this position: files, and uploads, where the store lists them. Only whoever has found it *before* it
   * learned that it owns the partition may drop it: what is found later may be of the next owner.
   */
  async leftFrom(position: number): Promise<Leftovers> {
    const uploads: MultipartToken[] = []
    await unlessDenied(async () => {
      for await (const token of this.#store.listMultipart?.(this.path) ?? []) uploads.push(token)
    })
    return { uploads, keys: await this.#filesFrom(position) }
  }

  async drop({ uploads, keys }: Leftovers): Promise<void> {
    for (const token of uploads) {
      await unlessDenied(async () => this.#store.resumeMultipart?.(token).abort())
    }
    if (keys.length === 0) return
    const { failed } = await this.#store.delete(keys)
    if (failed[0]) throw failed[0].error
  }

  /** `already-exists` when there is any file. */
  async refuseFiles(): Promise<void> {
    const [key] = await this.#filesFrom(0)
    if (key === undefined) return
    const message = `"${key}" is there, and no recovery has the state of its partition: run with the recovery that it was written with, or write elsewhere`
    throw new SluiceError('already-exists', message, { key })
  }

  async #filesFrom(position: number): Promise<string[]> {
    const keys: string[] = []
    // Between the number and what follows it in a name there is nothing.
    const startAfter = `${this.path}${digits(position)}`
    for await (const entry of this.#store.list({ prefix: this.path, startAfter })) {
      if (entry.kind !== 'object') continue
      if (/^\d{19}\.[^/]+$/.test(entry.key.slice(this.path.length))) keys.push(entry.key)
    }
    return keys
  }
}

/** Who may not end an upload leaves it to the bucket's lifecycle rule: nobody ever sees what is in it. */
async function unlessDenied(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!isSluiceError(error, 'permission-denied')) throw error
  }
}

function digits(position: number): string {
  return String(position).padStart(DIGITS, '0')
}
