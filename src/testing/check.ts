import type { ErrorCode } from '../contracts/index.ts'
import { equalBytes } from '../core/bytes.ts'
import { isSluiceError, type SluiceError } from '../core/errors.ts'

/**
 * What the published suites assert with, so that they run under any runner and in any runtime. A failed check throws
 * a plain `Error` named `AssertionError`, which every runner reports: not a `SluiceError`, since a suite that looks
 * for those must not mistake its own failure for one.
 */
export function check(condition: unknown, message: string): asserts condition {
  if (!condition) fail(message)
}

/** Throws a failure of the test at hand. */
export function fail(message: string, cause?: unknown): never {
  const error = new Error(message, cause === undefined ? undefined : { cause })
  error.name = 'AssertionError'
  throw error
}

/** Deep equality of plain values: objects, arrays, maps and sets member by member, bytes by content, dates by time, NaN equal to itself. */
export function checkEqual(actual: unknown, expected: unknown, what: string): void {
  if (!equal(actual, expected)) fail(`${what}: got ${show(actual)}, expected ${show(expected)}`)
}

/** Bytes of any length; the message names the first difference rather than printing them. */
export function checkBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (equalBytes(actual, expected)) return
  const at = expected.findIndex((byte, index) => actual[index] !== byte)
  const where = at < 0 ? 'all of the expected bytes and more' : `a difference at byte ${at}`
  fail(`${what}: got ${actual.byteLength} bytes with ${where}, expected ${expected.byteLength}`)
}

/** The call must reject with a `SluiceError` of this code (or one of these), about this key where one is given. */
export async function checkRejects(
  call: Promise<unknown>,
  code: ErrorCode | readonly ErrorCode[],
  what: string,
  key?: string,
): Promise<SluiceError> {
  const codes: readonly ErrorCode[] = typeof code === 'string' ? [code] : code
  let value: unknown
  try {
    value = await call
  } catch (error) {
    if (!isSluiceError(error))
      fail(`${what}: rejected with ${error}, not with a SluiceError`, error)
    if (!codes.includes(error.code)) {
      fail(
        `${what}: rejected with ${error.code} (${error.message}), not ${codes.join(', ')}`,
        error,
      )
    }
    if (key !== undefined) checkEqual(error.key, key, `${what}: the error's key`)
    return error
  }
  return fail(`${what}: resolved to ${show(value)}, expected a rejection with ${codes.join(', ')}`)
}

function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array && b instanceof Uint8Array) return equalBytes(a, b)
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime())
  if (kindOf(a) !== kindOf(b)) return false
  // In their order, which is part of them.
  if (a instanceof Map || a instanceof Set) return equal([...a], [...(b as Set<unknown>)])
  const left = Object.entries(a)
  const right = new Map(Object.entries(b))
  return (
    left.length === right.size &&
    left.every(([name, value]) => right.has(name) && equal(value, right.get(name)))
  )
}

/** `Array`, `Map`, …; `Object` for what has a class of its own. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value)
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`
  const text =
    JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ??
    String(value)
  return text.length > 400 ? `${text.slice(0, 400)}…` : text
}
