const MOST = 8
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000

/** Kafka's failures in a row, and how long to wait after each. */
export class FailureRow {
  #attempts = 0
  /** Of the stream that is read now. */
  #fetches = 0

  /** How many failures the row has. */
  get attempts(): number {
    return this.#attempts
  }

  /** One more. Answers how long to wait before it is tried again, in ms; `undefined` when it was tried often enough. */
  add(): number | undefined {
    const attempts = ++this.#attempts
    if (attempts >= MOST) return undefined
    return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1))
  }

  /** Another stream begins. */
  opened(): void {
    this.#fetches = 0
  }

  /** A request for messages was answered, or has failed: the client does not say which. */
  fetched(): void {
    this.#fetches++
  }

  /**
   * A commit was made, of so many messages: with some the row is over. One of none says nothing of Kafka, which nobody asked. Then the second request for
   * messages does: a stream ends with its first failure, so the one before it was answered.
   */
  committed(messages: number): void {
    if (messages > 0 || this.#fetches > 1) this.#attempts = 0
  }
}
