import { SluiceError } from '../../core/errors.ts'

/**
 * Some items of a list. Places are integers, or the infinities. Negative ones count from the end, and what lies outside is left out, as in
 * JavaScript's `slice`.
 */
export interface Slice {
  readonly start?: number | undefined
  readonly stop?: number | undefined
  /** Every how many. Default 1. */
  readonly step?: number | undefined
}

/** One step into a value: a key of a map as it is, a place in a list, or, as the last one, some items of it. */
export type PathStep = string | number | bigint | boolean | null | Uint8Array | Slice

/**
 * `'a/b/0'`, or the steps one by one. In text, empty steps mean nothing; places in lists may be negative, and `2:5` or `0:2:10`
 * (every second of the first ten) is a slice. Keys that are empty, hold a `/` or are no text are reached by single steps.
 */
export type Path = string | number | Slice | readonly PathStep[]

export function stepsOf(path: Path): readonly PathStep[] {
  if (typeof path === 'string') return path.split('/').filter((step) => step !== '')
  return Array.isArray(path) ? path : [path as PathStep]
}

export function isSlice(step: PathStep | undefined): step is Slice {
  return typeof step === 'object' && step !== null && !(step instanceof Uint8Array)
}

/** What a step means on a list. `undefined` for none: then it is no step that a list has. */
export function onList(step: PathStep): number | Slice | undefined {
  if (typeof step === 'number') return Number.isSafeInteger(step) ? step : undefined
  if (isSlice(step)) return step
  if (typeof step !== 'string') return undefined
  if (/^[+-]?\d{1,15}$/.test(step)) return Number(step)
  const match = /^(-?\d{1,15})?:(?:(-?\d{1,15})?:)?(-?\d{1,15})?$/.exec(step)
  if (!match) return undefined
  const [start, every, stop] = match.slice(1).map((text) => (text ? Number(text) : undefined))
  return { start, step: every, stop }
}

/** The places that a slice means in a list of that length. */
export function placesOf({ start, stop, step = 1 }: Slice, length: number): number[] {
  if (!(Number.isSafeInteger(step) && step > 0)) {
    throw new SluiceError('invalid-options', `A slice's step (${step}) must be a positive integer`)
  }
  for (const [name, place] of Object.entries({ start, stop })) {
    if (place === undefined || Number.isInteger(place)) continue
    if (place === Number.POSITIVE_INFINITY || place === Number.NEGATIVE_INFINITY) continue
    throw new SluiceError('invalid-options', `A slice's ${name} (${place}) must be an integer`)
  }
  const clamp = (place: number): number =>
    Math.min(Math.max(place < 0 ? place + length : place, 0), length)
  const places: number[] = []
  const end = clamp(stop ?? length)
  for (let place = clamp(start ?? 0); place < end; place += step) places.push(place)
  return places
}

/** For messages. */
export function stepText(step: unknown): string {
  return isSlice(step as PathStep) ? JSON.stringify(step) : String(step)
}
