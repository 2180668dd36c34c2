import type {
  Awaitable,
  Chunk,
  EncodedEnd,
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
import { HeldRows } from './held-rows.ts'
import { identityOf, type Settings } from './options.ts'
import { type FileState, ParquetFile } from './parquet-file.ts'
import { RowGroups } from './row-groups.ts'
import { StepRunner, type Steps } from './steps.ts'

export type EncodeChunk = (leaf: Leaf, data: LeafData) => Awaitable<ColumnChunk>

/**
 * Rows to a file, row group by row group. Without a schema the columns are those of the first rows, which are held until there are enough
 * of them.
 */
export function rowEncoder(
  settings: Settings,
  encode: EncodeChunk,
  { schema: declared, from }: EncoderOptions,
): Encoder<object> {
  const places = checkpoints(FILE_TYPES.parquet.extension, identityOf(settings), declared)
  const begun = from && places.take(from, (state) => rowOfText(state) as unknown as FileState)
  const open = (schema: Schema): Open => {
    const file = new ParquetFile({
      schema,
      isDeclared: declared !== undefined,
      settings,
      encode,
      begun: from && begun && { groups: begun.groups, bytes: from.bytes },
    })
    return { schema, groups: new RowGroups(file, schema, settings) }
  }
  const schema = declared ?? begun?.schema
  const held = new HeldRows(settings)
  let opened = schema && open(schema)

  function* write(rows: Iterable<Row>): Steps<readonly Chunk[]> {
    const chunks: Chunk[] = []
    for (const row of rows) {
      if (opened) {
        addRow(opened, row)
        if (opened.groups.isFull) chunks.push(...(yield* opened.groups.end()))
      } else {
        held.add(row)
        if (held.isFull) chunks.push(...(yield* begin()))
      }
    }
    opened?.groups.settle()
    return chunks
  }
  function* begin(): Steps<readonly Chunk[]> {
    const rows = held.take()
    const inferrer = schemaInferrer(settings.inference)
    inferrer.add(rows)
    opened = open(inferrer.schema())
    return yield* write(rows)
  }
  function* close(): Steps<EncodedEnd> {
    const first = opened ? [] : yield* begin()
    const { chunks } = yield* (opened as Open).groups.close()
    return { chunks: [...first, ...chunks] }
  }
  const runner = new StepRunner()
  return {
    get bufferedBytes() {
      return opened?.groups.bufferedBytes ?? held.bytes
    },
    headBytes: 0,
    write: (rows) => runner.run(write(rows as Iterable<Row>)),
    close: () => runner.run(close()),
    // What a failed call has encoded was not given out.
    checkpoint: () => (runner.hasFailed ? undefined : opened?.groups.file.checkpoint(places)),
  }
}

/** A file whose columns are known. */
interface Open {
  readonly schema: Schema
  readonly groups: RowGroups
}

function addRow({ schema, groups }: Open, row: Row): void {
  let fits: boolean
  try {
    fits = groups.shredder.add(row)
  } catch (error) {
    throw groups.refused(groups.rows, 'one of its properties throws', error)
  }
  if (!fits) throw groups.misfit(groups.rows, schema, row)
  groups.rows++
}
