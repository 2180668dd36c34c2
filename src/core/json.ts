import type { Rejection } from '../contracts/index.ts'
import { clipText } from './bound-refused.ts'
import { toBase64 } from './bytes.ts'
import { SluiceError } from './errors.ts'
import { isWellFormed } from './keys.ts'

/**
 * How many objects and arrays may lie in one another, in what is written and in what is read. Writers and readers
 * recurse, and a stack that overflows is no verdict.
 */
export const MAX_JSON_DEPTH = 64

/** What keeps a value from being JSON, and where it lies. */
export interface JsonProblem {
  /** RFC 6901 JSON Pointer into the value. */
  readonly path: string
  /** Follows the name of the place: `is NaN, which has no text in JSON`. */
  readonly message: string
}

/**
 * The value as JSON text, exactly: a `bigint` as its digits, `-0` as `-0`, a `Date` as ISO 8601 in UTC, a
 * `Uint8Array` as base64, an object with `toJSON` as what that returns. Members that are `undefined` are left out, and
 * an `undefined` in an array is `null`. A lone surrogate is written as its `\u` escape.
 *
 * Throws `invalid-record`, naming the place, for what JSON has no text for (`NaN`, infinities, functions, symbols,
 * `undefined` itself, an invalid `Date`, `Map`, `Set` and other objects that are not data) and for more than 64 levels,
 * which includes cycles.
 */
export function jsonText(value: unknown): string {
  if (isPlainJson(value, true)) return JSON.stringify(value)
  const problem = jsonProblem(value)
  if (problem) {
    throw new SluiceError('invalid-record', `${problem.path || 'The value'} ${problem.message}`)
  }
  return exactText(value, '')
}

/**
 * Whether `JSON.stringify` writes the value exactly: nothing in it needs any of the rules above, or is nested too deep.
 * With `omitting`, also where that leaves out an `undefined` member or writes `null` for one in an array; without,
 * `JSON.parse` gives the value back.
 */
export function isPlainJson(value: unknown, omitting: boolean, depth = 1): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'undefined':
      return omitting && depth > 1
    case 'object':
      break
    default:
      return false
  }
  if (value === null) return true
  if (depth > MAX_JSON_DEPTH || 'toJSON' in value) return false
  if (Array.isArray(value)) {
    // By index, so that a hole is seen as the `undefined` that it reads as.
    for (let i = 0; i < value.length; i++) {
      if (!isPlainJson(value[i], omitting, depth + 1)) return false
    }
    return true
  }
  if (!isData(value)) return false
  for (const key of Object.keys(value)) {
    if (!isPlainJson((value as Record<string, unknown>)[key], omitting, depth + 1)) return false
  }
  return true
}

/**
 * What `jsonText` would refuse, or `undefined`. With `wellFormed`, lone surrogates are refused too: many readers
 * give up a whole file for one of their escapes. @see https://www.rfc-editor.org/rfc/rfc8259#section-8.2
 */
export function jsonProblem(
  value: unknown,
  options: { readonly wellFormed?: boolean } = {},
): JsonProblem | undefined {
  return problemOf(value, '', 1, options.wellFormed ?? false)
}

function problemOf(
  value: unknown,
  key: string,
  depth: number,
  wellFormed: boolean,
): JsonProblem | undefined {
  switch (typeof value) {
    case 'string':
      return wellFormed && !isWellFormed(value)
        ? here('holds a lone surrogate, which UTF-8 cannot express')
        : undefined
    case 'boolean':
    case 'bigint':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : here(`is ${value}, which has no text in JSON`)
    case 'object':
      break
    default:
      return here(
        `is ${typeof value === 'undefined' ? '' : 'a '}${typeof value}, which has no text in JSON`,
      )
  }
  if (value === null || value instanceof Uint8Array) return undefined
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? here('is an invalid Date') : undefined
  }
  if (depth > MAX_JSON_DEPTH)
    return here(`lies deeper than ${MAX_JSON_DEPTH} levels, or in a cycle`)
  if (hasToJson(value)) return problemOf(value.toJSON(key), key, depth + 1, wellFormed)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (value[i] === undefined) continue
      const problem = problemOf(value[i], String(i), depth + 1, wellFormed)
      if (problem) return { ...problem, path: pointerStep(String(i)) + problem.path }
    }
    return undefined
  }
  if (!isData(value)) return here(`is a ${tagOf(value)}, which is not data that JSON can hold`)
  for (const name of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[name]
    if (member === undefined) continue
    if (wellFormed && !isWellFormed(name)) {
      return here('has a key with a lone surrogate, which UTF-8 cannot express')
    }
    const problem = problemOf(member, name, depth + 1, wellFormed)
    if (problem) return { ...problem, path: pointerStep(name) + problem.path }
  }
  return undefined
}

function here(message: string): JsonProblem {
  return { path: '', message }
}

/** Only for values without a `jsonProblem`. */
function exactText(value: unknown, key: string): string {
  if (typeof value === 'bigint') return value.toString()
  if (Object.is(value, -0)) return '-0'
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (value instanceof Uint8Array) return `"${toBase64(value)}"`
  if (value instanceof Date) return `"${value.toISOString()}"`
  if (hasToJson(value)) return exactText(value.toJSON(key), key)
  if (Array.isArray(value)) {
    const items = Array.from(value, (item, index) =>
      item === undefined ? 'null' : exactText(item, String(index)),
    )
    return `[${items.join(',')}]`
  }
  const members: string[] = []
  for (const name of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[name]
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${exactText(member, name)}`)
  }
  return `{${members.join(',')}}`
}

/**
 * Whether the object is a record of values rather than one of the language's own kinds (`Map`, `RegExp`, `Promise`,
 * …), which `JSON.stringify` would turn into `{}`. Told by its tag, so that it holds across realms.
 */
export function isData(value: object): boolean {
  return inheritsNothing(value) || tagOf(value) === 'Object'
}

/**
 * Whether `for … in` shows no members but the object's own. It is the fastest way to them: V8 keeps the keys of each kind of object together
 * with the places of their values, so that `object[key]` is no search.
 */
export function inheritsNothing(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Whether it is one that stands for itself: it does not say by `toJSON` that it is something else. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return isData(value) && !hasToJson(value)
}

/** One step of an RFC 6901 JSON Pointer. */
export function pointerStep(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** A verdict on a record; its message begins with the place that it is about. */
export function refuseRecord(path: string, message: string): Rejection {
  const place = path.length > 100 ? `${clipText(path, 100)}…` : path || 'The record'
  return { code: 'invalid-record', path, message: `${place} ${message}` }
}

/** `Map`, `Date`, …; `Object` for what has a class of its own. */
export function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

function hasToJson(value: object): value is { toJSON(key: string): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function'
}
