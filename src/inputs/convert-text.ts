import type { Field, FieldType, ScalarType } from '../contracts/index.ts'
import { fromBase64 } from '../core/bytes.ts'
import { isSluiceError } from '../core/errors.ts'
import { parseJson } from '../core/parse-json.ts'
import { nearestDouble } from '../core/values/doubles.ts'
import { integerOfText } from '../core/values/integers.ts'
import { textValue } from '../core/values/text-value.ts'
import { unitsOf } from '../core/values/units-of.ts'

const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
/** How JavaScript prints the doubles that are no decimals. */
const NOT_FINITE = /^(?:-?Infinity|NaN)$/

/** The value that a text is in this column; the text itself when it is none. */
export function convertText(text: string, { type, nullable }: Field): unknown {
  if (text === '') return (type === 'string' || type === 'enum') && !nullable ? '' : null
  return textAs(text, type)
}

function textAs(text: string, type: FieldType): unknown {
  if (typeof type === 'object') return textAsKind(text, type)
  switch (type) {
    case 'string':
    case 'enum':
    case 'uuid':
    case 'date':
      return text
    case 'float16':
    case 'float32':
    case 'double':
      if (NOT_FINITE.test(text)) return Number(text)
      return (DECIMAL.test(text) ? nearestDouble(text) : undefined) ?? text
    case 'bytes':
      return fromBase64(text) ?? text
    case 'json':
    case 'variant':
      return jsonOrText(text)
  }
  const value = (type === 'uint64' ? integerOfText(text) : undefined) ?? textValue(text)
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean' ? value : text
    case 'timestamp':
      return value instanceof Date ? value : text
    default:
      return typeof value === 'bigint' || Number.isInteger(value) ? value : text
  }
}

function textAsKind(text: string, type: Exclude<FieldType, ScalarType>): unknown {
  switch (type.kind) {
    case 'decimal':
      return text
    case 'bytes':
      return fromBase64(text) ?? text
    case 'time':
      return integerOfText(text) ?? text
    case 'timestamp':
      return unitsOf(text, type) ?? integerOfText(text) ?? text
    default:
      return jsonAs(jsonOrText(text), type)
  }
}

/** What JSON has no values for is text in it, and a float may have more digits there than a number is trusted with. */
function jsonAs(value: unknown, type: FieldType): unknown {
  if (typeof value === 'bigint') {
    return type === 'float16' || type === 'float32' ? Number(value) : value
  }
  if (typeof value === 'string') return isTextOnlyInJson(type) ? textAs(value, type) : value
  if (typeof type === 'string' || typeof value !== 'object' || value === null) return value
  if (type.kind === 'list' && Array.isArray(value)) {
    return value.map((item) => jsonAs(item, type.element.type))
  }
  if (type.kind === 'map') {
    const members = Object.entries(value)
    return Object.fromEntries(members.map(([k, v]) => [k, jsonAs(v, type.value.type)]))
  }
  if (type.kind !== 'struct') return value
  const types = new Map(type.fields.map((field) => [field.name, field.type]))
  const members = Object.entries(value)
  return Object.fromEntries(members.map(([k, v]) => [k, jsonAs(v, types.get(k) ?? 'json')]))
}

function isTextOnlyInJson(type: FieldType): boolean {
  const word = typeof type === 'string' ? type : type.kind
  return word === 'bytes' || word === 'timestamp'
}

/** A column whose values disagree has plain text beside JSON. */
function jsonOrText(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (!isSluiceError(error, 'invalid-record')) throw error
    return text
  }
}
