import type { FieldType, Schema } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { pointerStep } from '../../../core/json.ts'
import { typeText } from '../../../core/schemas/type-text.ts'
import type { Settings } from '../options.ts'

/** The types that the fallback writes. */
export type Written = Extract<
  FieldType,
  'boolean' | 'int32' | 'int64' | 'double' | 'string' | 'bytes' | 'timestamp' | 'json'
>

const WRITTEN: ReadonlySet<unknown> = new Set<Written>([
  'boolean',
  'int32',
  'int64',
  'double',
  'string',
  'bytes',
  'timestamp',
  'json',
])

/** Throws `not-supported` for what the fallback cannot do; apart from it, since that is told before it is loaded. */
export function checkFallback({ codec, sortedBy }: Settings, schema: Schema | undefined): void {
  if (typeof codec !== 'string') throw refused('a compressor as codec')
  if (sortedBy.length > 0) throw refused('sortedBy')
  const field = schema?.fields.find(({ type }) => !WRITTEN.has(type))
  if (field) throw refused(`${pointerStep(field.name)} of type ${typeText(field.type)}`)
}

function refused(what: string): SluiceError {
  const remedy = 'allow it, or give its module: parquet({ kernels })'
  const message = `${what} needs WebAssembly, which is forbidden here: ${remedy}`
  return new SluiceError('not-supported', message)
}
