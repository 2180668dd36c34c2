import type { Source } from '../contracts/index.ts'
import { SluiceError } from './errors.ts'

const DONE: IteratorReturnResult<void> = { done: true, value: undefined }

/**
 * A source that is being read, once. It can be ended at any time, also while `next()` waits for a source that says
 * nothing: the `return()` of an async generator would wait for it too. That `next()` then answers that it is over.
 *
 * Not guaranteed for a source that is an async generator itself: ending that waits until it has answered.
 */
export class Reading<T> implements AsyncGenerator<T, void, undefined> {
  readonly #pull: () => Promise<IteratorResult<T, unknown>>
  readonly #stop: (reason: unknown) => Promise<void>
  #over = false

  /** `stop` is called once, and not after the end: when `pull` failed, with its error, or when the reader has had enough. */
  constructor(
    pull: () => Promise<IteratorResult<T, unknown>>,
    stop: (reason: unknown) => Promise<void>,
  ) {
    this.#pull = pull
    this.#stop = stop
  }

  async next(): Promise<IteratorResult<T, void>> {
    if (this.#over) return DONE
    try {
      const result = await this.#pull()
      if (!this.#over && !result.done) return result
      this.#over = true
      return DONE
    } catch (error) {
      if (this.#over) return DONE
      // The first error is the one to tell.
      await this.cancel(error).catch(() => {})
      throw error
    }
  }

  /** Lets the source go. A stream is cancelled with the reason. */
  async cancel(reason?: unknown): Promise<void> {
    if (this.#over) return
    this.#over = true
    await this.#stop(reason)
  }

  async return(): Promise<IteratorResult<T, void>> {
    await this.cancel()
    return DONE
  }

  async throw(error: unknown): Promise<IteratorResult<T, void>> {
    await this.cancel(error)
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cancel()
  }
}

/**
 * Any source as an async iterable; a stream is locked at once. Leaving the loop early cancels the source, in every runtime:
 * Safari's `ReadableStream` has no async iterator before 26.4, so its reader is used directly. `invalid-options` for what is no source.
 */
export function iterate<T>(source: Source<T>): Reading<T> {
  checkSource(source)
  if (source instanceof Reading) return source
  if (source instanceof ReadableStream) return readingOf(source.getReader())
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  return new Reading(
    async () => iterator.next(),
    async () => {
      await iterator.return?.()
    },
  )
}

/** `invalid-options` for what is no source. Text is none: it would be read as characters. */
export function checkSource(source: unknown): void {
  const object: object = typeof source === 'string' ? {} : Object(source)
  if (Symbol.asyncIterator in object || Symbol.iterator in object) return
  if (object instanceof ReadableStream) return
  throw new SluiceError('invalid-options', 'A source must be an iterable or a stream')
}

function readingOf<T>(reader: ReadableStreamDefaultReader<T>): Reading<T> {
  return new Reading<T>(
    async () => {
      const result = await reader.read()
      if (result.done) reader.releaseLock()
      return result as IteratorResult<T, unknown>
    },
    async (reason) => {
      // Rejects with the stream's own error, which `read()` has told.
      await reader.cancel(reason).catch(() => {})
      reader.releaseLock()
    },
  )
}

/**
 * What a generator makes of a source, to its end. When the generator throws, the source is cancelled with its error;
 * when the reading is ended, the source is let go first, and the generator sees that as an error.
 */
export function derive<In, Out>(
  source: Source<In>,
  make: (items: AsyncIterable<In>) => AsyncGenerator<Out, void, undefined>,
): Reading<Out> {
  const input = iterate(source)
  let stopped = false
  // Without `return`: whoever ends the reading has the reason, a loop that is left has not.
  const items: AsyncIterator<In> = {
    async next() {
      const result = await input.next()
      if (stopped) throw new SluiceError('aborted', 'The reading was ended')
      return result
    },
  }
  const output = make({ [Symbol.asyncIterator]: () => items })
  return new Reading(
    () => output.next(),
    async (reason) => {
      stopped = true
      await input.cancel(reason)
      await output.return()
    },
  )
}
