import type { FileInfo } from '../../contracts/index.ts'
import { LastFiles } from '../../core/last-files.ts'

/** The files that a sink has published: the last of them, and for whoever asks in time all of a while. */
export class PublishedFiles {
  readonly last: LastFiles = new LastFiles()
  readonly #collecting = new Set<FileInfo[]>()

  add(file: FileInfo): void {
    this.last.add(file)
    for (const files of this.#collecting) files.push(file)
  }

  /** All that come while `run` goes on. */
  async during(run: () => Promise<void>): Promise<readonly FileInfo[]> {
    const files: FileInfo[] = []
    this.#collecting.add(files)
    try {
      await run()
      return files
    } finally {
      this.#collecting.delete(files)
    }
  }
}
