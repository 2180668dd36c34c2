import type { Encoding, Field } from '../contracts/index.ts'
import { canonicalFields } from '../core/schemas/canonical-type.ts'

/** An encoding as one text, the same for equal ones. */
export function encodingText({ format, schema, run }: Encoding): string {
  const fields = schema ? canonicalFields(schema.fields) : null
  return JSON.stringify([format, fields, ...(run === undefined ? [] : [run])])
}

export function encodingOf(text: string): Encoding {
  const [format, fields, run] = JSON.parse(text) as [string, readonly Field[] | null, string?]
  return { format, schema: fields ? { fields } : undefined, ...(run !== undefined && { run }) }
}
