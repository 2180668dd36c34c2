import { checkWord } from '../check-word.ts'

/** The highest number is 2^53 - 1, which has 16 digits; the names leave room for more. */
const DIGITS = 20

/** A checkpoint is due when so many entries have come since the last one. */
export const CHECKPOINT_EVERY = 100

/** No partition may have this name. */
export const MANIFEST_FOLDER = '_log'

/** Where a stream's manifest lies. */
export function manifestPrefix(stream: string): string {
  checkWord('stream', stream)
  return `${stream}/${MANIFEST_FOLDER}/`
}

export function entryKey(stream: string, number: number): string {
  return `${manifestPrefix(stream)}${String(number).padStart(DIGITS, '0')}.json`
}

/** The number of the entry under this key; `undefined` for anything else. */
export function entryNumber(stream: string, key: string): number | undefined {
  const [, digits] = /^(\d{20})\.json$/.exec(key.slice(manifestPrefix(stream).length)) ?? []
  const number = Number(digits)
  return Number.isSafeInteger(number) && number > 0 ? number : undefined
}

export function checkpointPrefix(stream: string): string {
  return `${manifestPrefix(stream)}checkpoints/`
}

/** Named by what is missing to the highest number, so that the newest is the first of a listing. */
export function checkpointKey(stream: string, number: number): string {
  const rest = String(Number.MAX_SAFE_INTEGER - number).padStart(DIGITS, '0')
  return `${checkpointPrefix(stream)}${rest}.json`
}
