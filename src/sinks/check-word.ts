import { SluiceError } from '../core/errors.ts'

const WORD = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/

/** Refuses with `invalid-options` what can be no stream and no shard: it would lead out of its place in a key. */
export function checkWord(what: string, word: string): void {
  if (WORD.test(word) && word.length <= 200) return
  throw new SluiceError(
    'invalid-options',
    `The ${what} "${word.slice(0, 200)}" may hold letters, digits, "-", "_" and inner dots, 200 at most`,
  )
}
