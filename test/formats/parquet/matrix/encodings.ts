import type { ElementType, FieldType } from '../../../../src/contracts/index.ts'
import type { Encoding, ParquetOptions } from './subject.ts'

const NUMBERS = ['plain', 'dictionary', 'byte_stream_split'] as const
const INTEGERS = [...NUMBERS, 'delta_binary_packed'] as const
const BYTES = ['plain', 'dictionary', 'delta_length_byte_array', 'delta_byte_array'] as const
const FIXED = [...NUMBERS, 'delta_byte_array'] as const

/** The `nth` encoding of each leaf of the column, and a Bloom filter with every second one. */
export function encodedAs(column: string, type: FieldType, nth: number): ParquetOptions {
  const columns = leaves(column, type).map(([path, leaf]) => {
    const encoding = encodingOf(leaf, nth)
    return [path, { encoding, bloomFilter: nth % 2 === 1 && leaf !== 'boolean' }] as const
  })
  return { columns: Object.fromEntries(columns) }
}

/**
 * Who cannot read it. DuckDB has `byte_stream_split` for floats and doubles only, which was all that Parquet had of it before 2.11;
 * polars has nothing but plain and dictionary for values of fixed length.
 */
export function refusedBy(type: FieldType, nth: number): readonly string[] {
  const all = leaves('', type).map(([, leaf]) => [leaf, encodingOf(leaf, nth)] as const)
  const duckdb = all.some(([leaf, used]) => !isReadByDuckdb(leaf, used))
  const polars = all.some(
    ([leaf, used]) => encodingsOf(leaf) === FIXED && used !== 'plain' && used !== 'dictionary',
  )
  return [...(duckdb ? ['DuckDB'] : []), ...(polars ? ['polars'] : [])]
}

/**
 * Whether polars 2.1.0 may panic at several pages of it: where a leaf is required, a struct around it can be null, and its encoding is not
 * plain, dictionary or RLE. So it does with files of pyarrow. Under a predicate it was known: https://github.com/pola-rs/polars/issues/28536
 */
export function panicsPolars(
  { type, nullable }: ElementType,
  nth: number,
  isInNullable = false,
): boolean {
  const kind = typeof type === 'object' ? type : undefined
  switch (kind?.kind) {
    case 'list':
      return panicsPolars(kind.element, nth)
    case 'map':
      return panicsPolars({ type: kind.key, nullable: false }, nth) || panicsPolars(kind.value, nth)
    case 'struct':
      return kind.fields.some((field) => panicsPolars(field, nth, isInNullable || nullable))
    default:
      return isInNullable && !nullable && !READ_BY_POLARS.has(encodingOf(type, nth))
  }
}

const READ_BY_POLARS: ReadonlySet<Encoding> = new Set(['plain', 'dictionary', 'rle'])

export function isReadByDuckdb(leaf: FieldType, encoding: Encoding): boolean {
  return encoding !== 'byte_stream_split' || FLOATS.has(leaf)
}

const FLOATS: ReadonlySet<FieldType> = new Set(['float32', 'double'])

function encodingOf(leaf: FieldType, nth: number): Encoding {
  const encodings = encodingsOf(leaf)
  return encodings[nth % encodings.length] as Encoding
}

/** By the path that Parquet gives them. */
export function leaves(path: string, type: FieldType): readonly (readonly [string, FieldType])[] {
  if (type === 'variant') {
    return [
      [`${path}.metadata`, 'bytes'],
      [`${path}.value`, 'bytes'],
    ]
  }
  if (typeof type === 'string') return [[path, type]]
  switch (type.kind) {
    case 'list':
      return leaves(`${path}.list.element`, type.element.type)
    case 'map':
      return [
        ...leaves(`${path}.key_value.key`, type.key),
        ...leaves(`${path}.key_value.value`, type.value.type),
      ]
    case 'struct':
      return type.fields.flatMap(({ name, type }) => leaves(`${path}.${name}`, type))
    default:
      return [[path, type]]
  }
}

/** All that the encoder has for a leaf of the type. */
export function encodingsOf(type: FieldType): readonly Encoding[] {
  if (typeof type === 'object') {
    if (type.kind === 'bytes') return FIXED
    return type.kind === 'decimal' && type.precision > 18 ? FIXED : INTEGERS
  }
  switch (type) {
    case 'boolean':
      return ['plain', 'rle']
    case 'float32':
    case 'double':
      return NUMBERS
    case 'string':
    case 'enum':
    case 'json':
    case 'bytes':
      return BYTES
    case 'uuid':
    case 'float16':
      return FIXED
    default:
      return INTEGERS
  }
}
