/**
 * The type of a column.
 *
 * - `int32`, `int64`, `double`: numbers; `int64` also holds a `bigint` in the signed 64-bit range, exactly
 * - `string`: Unicode text; a lone surrogate is refused where the format writes UTF-8
 * - `bytes`: a `Uint8Array`
 * - `timestamp`: a `Date`, milliseconds in UTC
 * - `json`: anything JSON can hold; also the column whose rows disagree
 */
export type FieldType =
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'json'

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
