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
import { RowBlock } from '../../core/rows/row-block.ts'
import { schemaInferrer } from '../../core/schemas/schema-inferrer.ts'
import { checkpoints } from '../checkpoints.ts'
import { FILE_TYPES } from '../file-types.ts'
import type { ColumnChunk, Leaf, LeafData } from './chunk/leaf.ts'
import { HeldRows } from './held-rows.ts'
import { identityOf, type Settings } from './options.ts'
import { type FileState, ParquetFile } from './parquet-file.ts'
import { RowGroups } from './row-groups.ts'
import { checkRows, isRow, noRow } from './rows/given-rows.ts'
import { SLICE_ROWS } from './rows/row-slice.ts'
import type { Shredder } from './rows/shredder.ts'
import { StepRunner, type Steps } from './steps.ts'
import { writeBlock } from './write-block.ts'

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
    return { schema, groups: new RowGroups(file, schema, settings, true) }
  }
  const schema = declared ?? begun?.schema
  const held = new HeldRows(settings)
  let opened = schema && open(schema)

  function* write(rows: Iterable<Row>): Steps<readonly Chunk[]> {
    checkRows(rows)
    const chunks: Chunk[] = []
    if (opened && rows instanceof RowBlock) {
      const { groups, schema } = opened
      chunks.push(
        ...(yield* writeBlock(groups, schema, rows, (row) => addRow(opened as Open, row))),
      )
    } else if (Array.isArray(rows)) {
      let from = 0
      while (!opened && from < rows.length) chunks.push(...(yield* hold(rows[from++])))
      if (opened) chunks.push(...(yield* addRows(opened, rows, from)))
    } else {
      // One by one: who makes them as they are asked for may use one object for all.
      for (const row of rows) {
        if (opened) {
          addRow(opened, row)
          if (opened.groups.isFull) chunks.push(...(yield* opened.groups.end()))
        } else {
          chunks.push(...(yield* hold(row)))
        }
      }
    }
    opened?.groups.settle()
    return chunks
  }
  function* writeAll(rows: Iterable<Row>): Steps<readonly Chunk[]> {
    const chunks = yield* write(rows)
    opened?.groups.commit()
    return chunks
  }
  function* hold(row: unknown): Steps<readonly Chunk[]> {
    held.add(row)
    return held.isFull ? yield* begin() : []
  }
  function* begin(): Steps<readonly Chunk[]> {
    const rows = held.take()
    const inferrer = schemaInferrer(settings.inference)
    inferrer.add(rows)
    opened = open(inferrer.schema())
    return yield* write(rows)
  }
  function* pause(): Steps<readonly Chunk[]> {
    const chunks = opened || held.isEmpty ? [] : yield* begin()
    const last = opened && opened.groups.rows > 0 ? yield* opened.groups.end() : []
    return [...chunks, ...last]
  }
  function* close(): Steps<EncodedEnd> {
    const first = opened ? [] : yield* begin()
    const { chunks } = yield* (opened as Open).groups.close()
    return { chunks: [...first, ...chunks] }
  }
  const mark = (): (() => boolean) => {
    const before = opened
    const backs = [held.mark(), before?.groups.mark()]
    return () => {
      if (opened?.groups.isEncoding) return false
      for (const back of backs) back?.()
      opened = before
      return true
    }
  }
  const runner = new StepRunner()
  return {
    get bufferedBytes() {
      return opened?.groups.bufferedBytes ?? held.bytes
    },
    headBytes: 0,
    write: (rows) => runner.run(writeAll(rows as Iterable<Row>), mark),
    pause: () => runner.run(pause()),
    close: () => runner.end(close()),
    // What a failed call has encoded was not given out.
    checkpoint: () => (runner.hasFailed ? undefined : opened?.groups.file.checkpoint(places)),
  }
}

/** Fewer are not worth what it takes to go back. */
const MIN_SLICE_ROWS = 16

/** A file whose columns are known. */
interface Open {
  readonly schema: Schema
  readonly groups: RowGroups
}

/** In slices; one by one where a slice ends a row group, or holds a row that does not fit. */
function* addRows(open: Open, rows: readonly Row[], from: number): Steps<readonly Chunk[]> {
  const { groups } = open
  const chunks: Chunk[] = []
  for (let at = from; at < rows.length; ) {
    const end = Math.min(rows.length, at + Math.min(SLICE_ROWS, groups.room))
    const begin = at
    const addAll = (shredder: Shredder): boolean => shredder.addAll(rows, begin, end)
    if (end - begin >= MIN_SLICE_ROWS && groups.addAll(end - begin, addAll)) {
      at = end
      if (groups.isFull) chunks.push(...(yield* groups.end()))
      continue
    }
    for (; at < end; at++) {
      addRow(open, rows[at] as Row)
      if (groups.isFull) chunks.push(...(yield* groups.end()))
    }
  }
  return chunks
}

function addRow({ schema, groups }: Open, row: Row): void {
  let fits: boolean
  try {
    fits = groups.shredder.add(row)
  } catch (error) {
    const why = isRow(row) ? 'one of its properties throws' : noRow(row)
    throw groups.refused(groups.rows, why, error)
  }
  if (!fits) throw groups.misfit(groups.rows, schema, row)
  groups.rows++
}
