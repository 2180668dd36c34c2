import type { FileInfo } from '../contracts/index.ts'
import { KEPT_FILES } from './kept-files.ts'

/** The last of a sink's files, each once, and how many there were. */
export class LastFiles<F extends FileInfo = FileInfo> {
  readonly #files = new Map<string, F>()
  #count = 0

  get count(): number {
    return this.#count
  }

  /** In the order in which they were first added. */
  get files(): readonly F[] {
    return [...this.#files.values()]
  }

  add(file: F): void {
    if (!this.#files.has(file.key)) this.#count++
    this.#files.set(file.key, file)
    const [first] = this.#files.keys()
    if (this.#files.size > KEPT_FILES && first !== undefined) this.#files.delete(first)
  }
}
