/**
 * A type without parameters.
 *
 * | type | values |
 * |---|---|
 * | `int8` … `uint64` | numbers without a fraction; above 2^53 exact as `bigint` |
 * | `float16`, `float32` | what a `double` takes, rounded to the nearest that the type has; one beyond its range is refused |
 * | `double` | any number, and a `bigint` that a double holds |
 * | `string`, `enum` | Unicode text; a lone surrogate is refused where the format writes UTF-8 |
 * | `bytes` | a `Uint8Array` |
 * | `uuid` | its 36 characters in either case, or its 16 bytes |
 * | `date` | a `Date` at midnight in UTC, or `YYYY-MM-DD` |
 * | `timestamp` | a `Date`, or ISO 8601 text with an offset or of a day alone: milliseconds in UTC |
 * | `json` | anything JSON can hold, as text; also the column whose rows disagree |
 * | `variant` | anything a record can hold, each value with its own type |
 */
export type ScalarType =
  | 'boolean'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'double'
  | 'string'
  | 'enum'
  | 'bytes'
  | 'uuid'
  | 'date'
  | 'timestamp'
  | 'json'
  | 'variant'

/** Exact decimal fractions. Values: text such as `-12.50`, or a `bigint`, which counts ones. */
export interface DecimalType {
  readonly kind: 'decimal'
  /** Digits in all, 1 to 76. Most readers take 38 at most. */
  readonly precision: number
  /** Digits behind the point, 0 to `precision`. A value with more of them is refused. */
  readonly scale: number
}

/** Bytes of one length, such as digests. Values: a `Uint8Array` of so many. */
export interface FixedBytesType {
  readonly kind: 'bytes'
  /** 1 to 64. */
  readonly length: number
}

export type TimeUnit = 'ms' | 'us' | 'ns'

/** Time of day. Values: a whole number or `bigint` of units since midnight, or text such as `23:59:59.999`. */
export interface TimeType {
  readonly kind: 'time'
  readonly unit: TimeUnit
  /** Whether the day is one in UTC; else it is of no zone. */
  readonly utc: boolean
}

/**
 * A moment. Values: a `Date`, a whole number or `bigint` of units since 1970, or ISO 8601 text of whole units, of a day alone or with a time,
 * which has an offset if the type is of UTC and else none. `timestamp` is the one of `ms` and `utc`.
 */
export interface TimestampType {
  readonly kind: 'timestamp'
  readonly unit: TimeUnit
  /** Whether it is a moment of UTC; else what a clock on a wall showed. */
  readonly utc: boolean
}

/** Values: arrays. */
export interface ListType {
  readonly kind: 'list'
  readonly element: ElementType
}

/**
 * Values: a plain object, whose keys are texts, which keys of integers, floats and booleans are read from (`7`, not `07`); a `Map`, which
 * bare encoders take, and of sinks those of msglc files. A key is never null, and is there once.
 */
export interface MapType {
  readonly kind: 'map'
  readonly key: FieldType
  readonly value: ElementType
}

/** Values: plain objects with no keys but the fields'. */
export interface StructType {
  readonly kind: 'struct'
  readonly fields: readonly Field[]
}

/** What a list or map holds. */
export interface ElementType {
  readonly type: FieldType
  readonly nullable: boolean
}

/** The type of a column. CSV writes the nested ones as JSON text. */
export type FieldType =
  | ScalarType
  | DecimalType
  | FixedBytesType
  | TimeType
  | TimestampType
  | ListType
  | MapType
  | StructType

/** One column. Its place in `Schema.fields` is its place in the file. */
export interface Field {
  readonly name: string
  readonly type: FieldType
  /** Whether `null`, `undefined` or a missing key is a value of this column. */
  readonly nullable: boolean
}

/** The columns of a file, in order. */
export interface Schema {
  readonly fields: readonly Field[]
}

/**
 * The part of Standard Schema v1 that Sluice calls: zod, valibot, arktype and others bring it.
 * @see https://standardschema.dev
 */
export interface StandardSchemaLike<Out = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Out> | Promise<StandardResult<Out>>
  }
}

export type StandardResult<Out> =
  | { readonly value: Out; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}
