import type { FileInfo } from '../../contracts/index.ts'
import { LastFiles } from '../../core/last-files.ts'

/**
 * The files that a sink has published: the last of them, and for whoever asks in time all of a while. They become visible in any order,
 * and are answered in the one in which they were queued.
 */
export class PublishedFiles {
  readonly #last = new LastFiles()
  readonly #collecting = new Set<FileInfo[]>()
  readonly #places = new WeakMap<FileInfo, number>()
  #queued = 0

  /** How many there were. */
  get count(): number {
    return this.#last.count
  }

  /** The last of them. */
  get last(): readonly FileInfo[] {
    return this.#inOrder(this.#last.files)
  }

  /** The place of a file that is queued now. */
  nextPlace(): number {
    return this.#queued++
  }

  add(file: FileInfo, place: number): void {
    this.#places.set(file, place)
    this.#last.add(file)
    for (const files of this.#collecting) files.push(file)
  }

  /** All that come while `run` goes on. */
  async during(run: () => Promise<void>): Promise<readonly FileInfo[]> {
    const files: FileInfo[] = []
    this.#collecting.add(files)
    try {
      await run()
      return this.#inOrder(files)
    } finally {
      this.#collecting.delete(files)
    }
  }

  #inOrder(files: readonly FileInfo[]): readonly FileInfo[] {
    const placeOf = (file: FileInfo): number => this.#places.get(file) ?? 0
    return [...files].sort((a, b) => placeOf(a) - placeOf(b))
  }
}
