import { expect } from 'vitest'
import { isSluiceError, type SluiceError } from '../../../src/core/errors.ts'
import { isPlainObject } from '../../../src/core/json.ts'
import { listOf, mapOf } from '../../../src/formats/msglc/sources.ts'

export function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

/** The error of the package that a call throws. */
export function thrownBy(run: () => unknown): SluiceError {
  try {
    run()
  } catch (error) {
    if (isSluiceError(error)) return error
    throw error
  }
  throw expect.fail('nothing was thrown')
}

/** The error of the package that a promise is rejected with. */
export async function rejectionOf(work: Promise<unknown>): Promise<SluiceError> {
  const error = await work.then(
    () => expect.fail('nothing was thrown'),
    (reason: unknown) => reason,
  )
  if (isSluiceError(error)) return error
  throw error
}

/** The value with sources that do not say their lengths in the place of all lists and maps within the outermost one. */
export function innerSourced(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sourced)
  if (!isPlainObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, sourced(inner)]))
}

/** The same in the place of the outermost one, too. */
export function sourced(value: unknown): unknown {
  if (Array.isArray(value)) return listOf(each(value, sourced))
  if (!isPlainObject(value)) return value
  return mapOf(each(Object.entries(value), ([key, inner]) => [key, sourced(inner)] as const))
}

function* each<T, U>(values: readonly T[], made: (value: T) => U): Generator<U, void, undefined> {
  for (const value of values) yield made(value)
}

/** `np.asfortranarray(np.arange(6, dtype='>i2').reshape(2, 3)).dumps()` of numpy 2.4: both orders are the other ones. */
export const PICKLED: Uint8Array<ArrayBuffer> = hex(
  '8002636e756d70792e5f636f72652e6d756c746961727261790a5f7265636f6e7374727563740a7100636e756d70790a6e6461727261790a71014b00857102' +
    '635f636f646563730a656e636f64650a7103580100000062710458060000006c6174696e317105867106527107877108527109284b014b024b0386710a' +
    '636e756d70790a64747970650a710b58020000006932710c898887710d52710e284b0358010000003e710f4e4e4e4affffffff4affffffff4b00747110' +
    '62886803580c00000000000003000100040002000571116805867112527113747114622e',
)
