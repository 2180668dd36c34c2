import type {
  Awaitable,
  Chunk,
  Encoder,
  EncoderOptions,
  Row,
  Schema,
} from '../../contracts/index.ts'
import { rowOfText } from '../../core/row-text.ts'
import { schemaInferrer } from '../../core/schemas/schema-inferrer.ts'
import { checkpoints } from '../checkpoints.ts'
import { FILE_TYPES } from '../file-types.ts'
import type { ColumnChunk, Leaf, LeafData } from './chunk/leaf.ts'
import { identityOf, type Settings } from './options.ts'
import { type FileState, ParquetFile } from './parquet-file.ts'
import { RowGroups } from './row-groups.ts'
import { StepRunner, type Steps } from './steps.ts'

export type EncodeChunk = (leaf: Leaf, data: LeafData) => Awaitable<ColumnChunk>

/** Rows to a file, row group by row group. */
export function rowEncoder(
  settings: Settings,
  encode: EncodeChunk,
  { schema: declared, from }: EncoderOptions,
): Encoder<object> {
  const places = checkpoints(FILE_TYPES.parquet.extension, identityOf(settings), declared)
  const begun = from && places.take(from, (state) => rowOfText(state) as unknown as FileState)
  const open = (columns: Schema): RowGroups => {
    const file = new ParquetFile({
      schema: columns,
      isDeclared: declared !== undefined,
      settings,
      encode,
      begun: from && begun && { groups: begun.groups, bytes: from.bytes },
    })
    return new RowGroups(file, columns, settings)
  }
  let schema = declared ?? begun?.schema
  let groups = schema && open(schema)
  const runner = new StepRunner()
  return {
    get bufferedBytes() {
      return groups?.bufferedBytes ?? 0
    },
    headBytes: 0,
    write(given) {
      let rows = given as Iterable<Row>
      if (!schema || !groups) {
        // More than once through: for the columns, and for the rows.
        const first = Array.from(rows)
        if (first.length === 0) return []
        const inferrer = schemaInferrer()
        inferrer.add(first)
        schema = inferrer.schema()
        groups = open(schema)
        rows = first
      }
      return runner.run(writeRows(groups, rows, schema))
    },
    close() {
      groups ??= open({ fields: [] })
      return runner.run(groups.close())
    },
    // What a failed call has encoded was not given out.
    checkpoint: () => (runner.hasFailed ? undefined : groups?.file.checkpoint(places)),
  }
}

function* writeRows(
  groups: RowGroups,
  rows: Iterable<Row>,
  schema: Schema,
): Steps<readonly Chunk[]> {
  const chunks: Chunk[] = []
  for (const row of rows) {
    addRow(groups, row, schema)
    if (groups.isFull) chunks.push(...(yield* groups.end()))
  }
  groups.settle()
  return chunks
}

function addRow(groups: RowGroups, row: Row, schema: Schema): void {
  let fits: boolean
  try {
    fits = groups.shredder.add(row)
  } catch (error) {
    throw groups.refused(groups.rows, 'one of its properties throws', error)
  }
  if (!fits) throw groups.misfit(groups.rows, schema, row)
  groups.rows++
}
