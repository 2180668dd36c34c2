import type { CallOptions, DeadLetter, Store } from '../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { readLines } from '../../core/lines.ts'

/** Of a letter as the sink writes it, whose raw text is bounded, with every character escaped. */
const MAX_LINE_BYTES = 1024 * 1024

/** A batch is one request to the sink. Which letters are in it follows from the file alone: sent again, it is the same request. */
const BATCH_LETTERS = 500
const BATCH_LENGTH = 4 * 1024 * 1024

/** The letters of a file in batches. Throws `protocol` for what is no dead letter, `not-found` when the file is gone. */
export async function* readLetters(
  store: Store,
  key: string,
  { signal }: CallOptions,
): AsyncGenerator<readonly DeadLetter[], void, undefined> {
  const found = await store.get(key, { signal })
  if (!found) throw new SluiceError('not-found', `"${key}" is gone from the store`, { key })
  let batch: DeadLetter[] = []
  let length = 0
  try {
    for await (const line of readLines(found.body, { maxLineBytes: MAX_LINE_BYTES })) {
      const letter = letterOf(line, key)
      if (batch.length === BATCH_LETTERS || length + letter.raw.length > BATCH_LENGTH) {
        yield batch
        batch = []
        length = 0
      }
      batch.push(letter)
      length += letter.raw.length
    }
  } catch (error) {
    const isNoText = isSluiceError(error, 'too-large') || isSluiceError(error, 'invalid-record')
    throw isNoText ? noLetter(key, error) : error
  }
  if (batch.length > 0) yield batch
}

const TEXTS = ['error', 'message', 'path', 'raw'] as const

function letterOf(line: string, key: string): DeadLetter {
  let letter: unknown
  try {
    letter = JSON.parse(line)
  } catch {
    throw noLetter(key)
  }
  const isLetter =
    typeof letter === 'object' &&
    letter !== null &&
    TEXTS.every((name) => typeof (letter as Record<string, unknown>)[name] === 'string') &&
    isExact((letter as Partial<DeadLetter>).exact)
  if (!isLetter) throw noLetter(key)
  return letter as DeadLetter
}

function isExact(exact: unknown): boolean {
  return exact === undefined || exact === null || typeof exact === 'string'
}

/** Nothing of the line: it may be a record. */
function noLetter(key: string, cause?: unknown): SluiceError {
  return new SluiceError('protocol', `"${key}" holds a line that is no dead letter`, { key, cause })
}
