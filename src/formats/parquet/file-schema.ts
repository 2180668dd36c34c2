import type { Schema } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { hasEncoding } from './chunk/encode-values.ts'
import type { Encoding, Leaf } from './chunk/leaf.ts'
import type { Settings } from './options.ts'
import type { SchemaElement } from './schema/element.ts'
import { schemaElements } from './schema/elements.ts'
import { leavesOf } from './schema/leaves.ts'
import type { SortingColumn } from './thrift/file-metadata.ts'

/** The columns of a file, and what the options say of them. */
export interface FileSchema {
  readonly elements: readonly SchemaElement[]
  readonly leaves: readonly Leaf[]
  readonly sorting: readonly SortingColumn[]
}

/**
 * `isDeclared`: options for columns that are not there are a mistake, and throw `invalid-options`. Inferred columns may lack some, as
 * their rows do. So is an encoding that the column's type does not have, in both.
 */
export function fileSchema(schema: Schema, settings: Settings, isDeclared: boolean): FileSchema {
  const elements = schemaElements(schema)
  const plain = leavesOf(elements)
  const places = new Map(plain.map(({ path }, place) => [path.join('.'), place]))
  const check = (option: string, column: string): boolean => {
    if (places.has(column)) return true
    if (!isDeclared) return false
    throw new SluiceError(
      'invalid-options',
      `${option} names ${JSON.stringify(column)}, which is not a column of the schema`,
    )
  }
  const options = new Map(
    Object.entries(settings.columns).filter(([column]) => check('columns', column)),
  )
  const leaves = plain.map((leaf): Leaf => {
    const { encoding, bloomFilter } = options.get(leaf.path.join('.')) ?? {}
    if (encoding && !hasEncoding(leaf.physical, encoding)) throw unsuitable(leaf, encoding)
    return { ...leaf, encoding, bloom: bloomFilter }
  })
  const sorted = settings.sortedBy.filter(({ column }) => check('sortedBy', column))
  const sorting = sorted.map(({ column, descending = false, nullsFirst = false }) => ({
    leaf: places.get(column) as number,
    descending,
    nullsFirst,
  }))
  return { elements, leaves, sorting }
}

function unsuitable({ path }: Leaf, encoding: Encoding): SluiceError {
  return new SluiceError(
    'invalid-options',
    `The column ${path.join('.')} cannot be encoded as ${encoding}`,
  )
}
