import type { TimeUnit } from '../../../contracts/index.ts'
import type { ConvertedType, PhysicalType, Repetition } from '../thrift/enums.ts'

/**
 * What the values of a column mean.
 * @see https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
 */
export type LogicalType =
  | {
      readonly kind:
        | 'string'
        | 'map'
        | 'list'
        | 'enum'
        | 'date'
        | 'json'
        | 'uuid'
        | 'float16'
        | 'variant'
    }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'time' | 'timestamp'; readonly unit: TimeUnit; readonly utc: boolean }
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }

/** A node of a file's schema: a group has children, a leaf has a physical type. */
export interface SchemaElement {
  readonly name: string
  readonly repetition: Repetition
  readonly children?: readonly SchemaElement[] | undefined
  readonly physical?: PhysicalType | undefined
  /** Bytes of a `fixed_len_byte_array`. */
  readonly width?: number | undefined
  readonly logical?: LogicalType | undefined
  /** What readers from before the logical types go by. */
  readonly converted?: ConvertedType | undefined
}
