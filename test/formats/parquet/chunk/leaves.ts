import type { Bytes } from '../../../../src/contracts/index.ts'
import { concatBytes, utf8 } from '../../../../src/core/bytes.ts'
import type {
  Encoding,
  Leaf,
  LeafData,
  LeafOrder,
  LeafValues,
} from '../../../../src/formats/parquet/chunk/leaf.ts'

export type Kind = LeafValues['kind']

const ORDERS: Readonly<Record<Kind, LeafOrder>> = {
  boolean: 'unsigned',
  int32: 'signed',
  int64: 'signed',
  float: 'float',
  double: 'float',
  bytes: 'bytes',
  fixed: 'bytes',
}

/** A flat column; `encoding` absent: chosen. */
export function flatLeaf(physical: Kind, options: Partial<Leaf> = {}): Leaf {
  return {
    ...{ path: ['v'], physical, maxDefinition: 0, maxRepetition: 0, order: ORDERS[physical] },
    ...options,
  }
}

/** Which encodings there are for which type. */
export const ENCODINGS_OF: Readonly<Record<Kind, readonly Encoding[]>> = {
  boolean: ['plain', 'rle'],
  int32: ['plain', 'dictionary', 'delta_binary_packed', 'byte_stream_split'],
  int64: ['plain', 'dictionary', 'delta_binary_packed', 'byte_stream_split'],
  float: ['plain', 'dictionary', 'byte_stream_split'],
  double: ['plain', 'dictionary', 'byte_stream_split'],
  bytes: ['plain', 'dictionary', 'delta_length_byte_array', 'delta_byte_array'],
  fixed: ['plain', 'dictionary', 'delta_byte_array', 'byte_stream_split'],
}

export type Value = boolean | number | bigint | Bytes

/** Values in a row; byte arrays as bytes. */
export function leafValues(kind: Kind, values: readonly Value[]): LeafValues {
  switch (kind) {
    case 'boolean':
      return { kind, values: Uint8Array.from(values as boolean[], Number) }
    case 'int32':
      return { kind, values: Int32Array.from(values as number[]) }
    case 'int64':
      return { kind, values: BigInt64Array.from(values as bigint[]) }
    case 'float':
      return { kind, values: Float32Array.from(values as number[]) }
    case 'double':
      return { kind, values: Float64Array.from(values as number[]) }
    case 'bytes': {
      const offsets = new Uint32Array(values.length + 1)
      for (const [i, value] of (values as Bytes[]).entries()) {
        offsets[i + 1] = (offsets[i] as number) + value.byteLength
      }
      return { kind, bytes: concatBytes([new Uint8Array(0), ...(values as Bytes[])]), offsets }
    }
    case 'fixed': {
      const width = (values[0] as Bytes | undefined)?.byteLength ?? 1
      return { kind, bytes: concatBytes([new Uint8Array(0), ...(values as Bytes[])]), width }
    }
  }
}

/** A column without nulls. */
export function requiredData(kind: Kind, values: readonly Value[]): LeafData {
  const count = values.length
  return { values: leafValues(kind, values), count, slots: count, rows: count }
}

/** A column whose rows are null or a value. */
export function nullableData(kind: Kind, rows: readonly (Value | null)[]): LeafData {
  const values = rows.filter((value) => value !== null)
  return {
    values: leafValues(kind, values),
    count: values.length,
    slots: rows.length,
    definition: Uint8Array.from(rows, (value) => (value === null ? 0 : 1)),
    rows: rows.length,
  }
}

/** A column whose rows are lists of values that may be null. */
export function listData(kind: Kind, rows: readonly (readonly (Value | null)[])[]): LeafData {
  const values = rows.flat().filter((value) => value !== null)
  const definition = rows.flatMap((list) =>
    list.length === 0 ? [0] : list.map((value) => (value === null ? 1 : 2)),
  )
  const repetition = rows.flatMap((list) =>
    list.length === 0 ? [0] : list.map((_, i) => (i === 0 ? 0 : 1)),
  )
  return {
    values: leafValues(kind, values),
    count: values.length,
    slots: definition.length,
    definition: Uint8Array.from(definition),
    repetition: Uint8Array.from(repetition),
    rows: rows.length,
  }
}

export const texts = (...values: string[]): Bytes[] => values.map(utf8)
