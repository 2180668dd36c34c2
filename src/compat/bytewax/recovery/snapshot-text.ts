import { SluiceError } from '../../../core/errors.ts'
import { isData } from '../../../core/json.ts'
import { isWellFormed } from '../../../core/keys.ts'
import { rowOfText, rowText } from '../../../core/row-text.ts'
import type { Snapshot } from './recovery.ts'

/** Whatever changes the meaning raises it, and is refused by what came before. */
const VERSION = 1

/** A snapshot as it is kept. */
export interface KeptSnapshot extends Snapshot {
  /** Empty before the first run. */
  readonly stepId: string
  /** Random: tells a writer whether what it finds is its own. */
  readonly id: string
  readonly atMs: number
}

/** One text, exact for everything that a state may hold. `invalid-options` for what is no data. */
export function snapshotText({ parts, ...rest }: KeptSnapshot): string {
  try {
    const fields = { version: VERSION, ...rest, parts: [...parts] }
    checkData(fields)
    return rowText(fields)
  } catch (cause) {
    const message = `A state of the step "${rest.stepId}" cannot be kept: it is to be data, and not an object of a class, a function, or a buffer or typed array but Uint8Array and Float64Array`
    throw new SluiceError('invalid-options', message, { cause })
  }
}

/** Throws for what would come back as something else: an object of a class as a plain one, a buffer as bytes, and most typed arrays as lists. */
function checkData(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  const isBuffer = value instanceof ArrayBuffer || ArrayBuffer.isView(value)
  const isKept = value instanceof Uint8Array || value instanceof Float64Array
  if (isBuffer && !isKept) throw new TypeError('A buffer')
  const prototype: unknown = Object.getPrototypeOf(value)
  // Told by what it inherits from, so that it holds across realms.
  const isOfClass = prototype !== null && Object.getPrototypeOf(prototype) !== null
  if (isOfClass && isData(value)) throw new TypeError('An object of a class')
  if (value instanceof Map || value instanceof Set) for (const item of value) checkData(item)
  else if (Array.isArray(value) || isData(value))
    for (const item of Object.values(value)) checkData(item)
}

/** `where` names the place in errors: `protocol` for what is no snapshot, `not-supported` for a later version's. */
export function snapshotOfText(text: string, where: string): KeptSnapshot {
  let fields: Readonly<Record<string, unknown>>
  try {
    fields = rowOfText(text)
  } catch (cause) {
    throw damaged(where, cause)
  }
  const { version, epoch, source, parts, stepId, id, atMs } = fields ?? {}
  if (Number.isSafeInteger(version) && (version as number) > VERSION) {
    throw new SluiceError('not-supported', `${where} was written by a later version of Sluice`)
  }
  const isKnown =
    version === VERSION &&
    Number.isSafeInteger(epoch) &&
    typeof stepId === 'string' &&
    typeof id === 'string' &&
    typeof atMs === 'number' &&
    Array.isArray(parts) &&
    parts.every((pair) => Array.isArray(pair) && pair.length === 2 && isName(pair[0]))
  if (!isKnown) throw damaged(where)
  return { epoch: epoch as number, source, parts: new Map(parts), stepId, id, atMs }
}

function isName(name: unknown): boolean {
  return typeof name === 'string' && isWellFormed(name)
}

function damaged(where: string, cause?: unknown): SluiceError {
  return new SluiceError('protocol', `${where} is no snapshot`, { cause })
}

export function checkRecoveryOptions(backupMs: number, resumeEpoch: number | undefined): void {
  if (!(backupMs >= 0)) {
    throw new SluiceError('invalid-options', `backupMs (${backupMs}) must be 0 or more`)
  }
  if (resumeEpoch === undefined || (Number.isSafeInteger(resumeEpoch) && resumeEpoch >= 1)) return
  throw new SluiceError(
    'invalid-options',
    `resumeEpoch (${resumeEpoch}) is no epoch: the first is 1`,
  )
}

/** Whose they are: those of another step would be taken for states of this one. */
export function checkStep(kept: KeptSnapshot, stepId: string): void {
  if (kept.stepId === '' || kept.stepId === stepId) return
  const message = `This recovery is of the step "${kept.stepId}", and not of "${stepId}"`
  throw new SluiceError('invalid-options', message)
}

export function notKept(resumeEpoch: number): SluiceError {
  const message = `The snapshot before epoch ${resumeEpoch} is not kept (any more): see backupMs`
  return new SluiceError('not-found', message)
}
