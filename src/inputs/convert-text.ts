import type { Field } from '../contracts/index.ts'
import { fromBase64 } from '../core/bytes.ts'
import { isSluiceError } from '../core/errors.ts'
import { parseJson } from '../core/parse-json.ts'
import { nearestDouble } from '../core/values/doubles.ts'
import { textValue } from '../core/values/text-value.ts'

const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
/** How JavaScript prints the doubles that are no decimals. */
const NOT_FINITE = /^(?:-?Infinity|NaN)$/

/** The value that a text is in this column; the text itself when it is none. */
export function convertText(text: string, { type, nullable }: Field): unknown {
  if (text === '') return type === 'string' && !nullable ? '' : null
  switch (type) {
    case 'string':
      return text
    case 'double':
      if (NOT_FINITE.test(text)) return Number(text)
      return (DECIMAL.test(text) ? nearestDouble(text) : undefined) ?? text
    case 'bytes':
      return fromBase64(text) ?? text
    case 'json':
      return jsonOrText(text)
  }
  const value = textValue(text)
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean' ? value : text
    case 'timestamp':
      return value instanceof Date ? value : text
    default:
      return typeof value === 'bigint' || Number.isInteger(value) ? value : text
  }
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
