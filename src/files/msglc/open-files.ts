/** What is held of a file that was opened. */
interface Held {
  readonly heldBytes: number
}

/** Files that were opened, kept for the next time; those used last, as far as they hold no more than `maxBytes` together. */
export class OpenFiles<File extends Held> {
  readonly #maxBytes: number
  /** Those used last are the last. */
  readonly #files = new Map<number, { readonly opening: Promise<File>; heldBytes: number }>()
  #heldBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The file that begins at `start`. One that cannot be opened is not kept. */
  get(start: number, open: () => Promise<File>): Promise<File> {
    const known = this.#files.get(start)
    if (known) {
      this.#files.delete(start)
      this.#files.set(start, known)
      return known.opening
    }
    const entry = { opening: open(), heldBytes: 0 }
    this.#files.set(start, entry)
    entry.opening.then(
      ({ heldBytes }) => {
        entry.heldBytes = heldBytes
        this.#heldBytes += heldBytes
        this.#forget()
      },
      () => this.#files.delete(start),
    )
    return entry.opening
  }

  /** The oldest ones. Those that are being opened hold nothing as yet. */
  #forget(): void {
    for (const [start, { heldBytes }] of this.#files) {
      if (this.#heldBytes <= this.#maxBytes) break
      if (heldBytes === 0) continue
      this.#heldBytes -= heldBytes
      this.#files.delete(start)
    }
  }
}
