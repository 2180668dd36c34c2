import type { Bytes } from '../../contracts/index.ts'
import { EMPTY, fromUtf8, utf8 } from '../bytes.ts'
import { SluiceError } from '../errors.ts'
import { type BlockColumn, type ColumnKind, isText, RowBlock } from './row-block.ts'

/*
 * A block as bytes: the mark, the length of the head in 32 bits, the head, which is JSON, and then of each column its values, its text and
 * its nulls, each from a multiple of eight on, so that a block over such bytes is a view of them. Numbers lie as the machine has them:
 * little-endian, since no platform with `fetch` is another.
 */

/** No text begins so. */
const MARK = 1
const HEAD_AT = 8

/** Name, kind, bytes of text, and 1 where there are nulls. */
type ColumnHead = readonly [name: string, kind: ColumnKind, textBytes: number, nulls: 0 | 1]

const WIDTHS: Readonly<Record<ColumnKind, number>> = {
  number: 8,
  time: 8,
  int32: 4,
  boolean: 1,
  ascii: 4,
  text: 4,
}

/** What lies where. */
interface Layout {
  readonly head: Bytes
  readonly byteLength: number
  readonly columns: readonly ColumnPlace[]
}

interface ColumnPlace {
  readonly values: number
  readonly text: number
  readonly nulls: number
}

function layoutOf(length: number, head: Bytes, columns: readonly ColumnHead[]): Layout {
  let end = aligned(HEAD_AT + head.byteLength)
  const take = (byteLength: number): number => {
    const at = end
    end = aligned(end + byteLength)
    return at
  }
  const places = columns.map(([, kind, textBytes, nulls]) => ({
    values: take(WIDTHS[kind] * (isText(kind) ? length + 1 : length)),
    text: take(textBytes),
    nulls: take(nulls * length),
  }))
  return { head, byteLength: end, columns: places }
}

function aligned(at: number): number {
  return Math.ceil(at / 8) * 8
}

/** The block as bytes of its own, which begin as no text does. */
export function blockBytes(block: RowBlock<unknown>): Bytes {
  if (block.bytes) return block.bytes
  const { length, columns } = block
  const heads = columns.map(({ name, kind, values, nulls }): ColumnHead => {
    const textBytes = isText(kind) ? textLength(values) : 0
    return [name, kind, textBytes, nulls ? 1 : 0]
  })
  const layout = layoutOf(length, utf8(JSON.stringify([length, heads])), heads)
  const bytes = new Uint8Array(layout.byteLength)
  bytes[0] = MARK
  new DataView(bytes.buffer).setUint32(4, layout.head.byteLength, true)
  bytes.set(layout.head, HEAD_AT)
  for (const [i, { kind, values, text, nulls }] of columns.entries()) {
    const place = layout.columns[i] as ColumnPlace
    const into = valuesAt(kind, bytes.buffer, place.values, values.length)
    into.set(values)
    if (isText(kind)) {
      const first = values[0] as number
      if (first > 0) for (let at = 0; at <= length; at++) into[at] = (values[at] as number) - first
      bytes.set(text.subarray(first, values[length]), place.text)
    }
    if (nulls) bytes.set(nulls, place.nulls)
  }
  return bytes
}

function textLength(offsets: BlockColumn['values']): number {
  return (offsets[offsets.length - 1] as number) - (offsets[0] as number)
}

export function isBlockBytes(bytes: Uint8Array): boolean {
  return bytes[0] === MARK
}

/** The block, over bytes of its own. */
export function packed(block: RowBlock<unknown>): RowBlock {
  return new RowBlock(block.length, columnsOf, blockBytes(block))
}

/** The block, over these bytes where they lie as they must: it is good for as long as they are not written to. */
export function blockOfBytes(given: Bytes): RowBlock {
  const bytes = given.byteOffset % 8 === 0 ? given : given.slice()
  const { length, heads } = headOf(bytes)
  if (heads.some(([, kind]) => !Object.hasOwn(WIDTHS, kind))) {
    throw new SluiceError('protocol', 'The log holds rows that this version of Sluice cannot read')
  }
  return new RowBlock(length, columnsOf, bytes)
}

interface Head {
  readonly head: Bytes
  readonly length: number
  readonly heads: readonly ColumnHead[]
}

function headOf(bytes: Bytes): Head {
  const headBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true)
  const head = bytes.subarray(HEAD_AT, HEAD_AT + headBytes)
  const [length, heads] = JSON.parse(fromUtf8(head)) as [number, readonly ColumnHead[]]
  return { head, length, heads }
}

function columnsOf(bytes: Bytes): readonly BlockColumn[] {
  const { head, length, heads } = headOf(bytes)
  const layout = layoutOf(length, head, heads)
  const { buffer, byteOffset } = bytes
  return heads.map(([name, kind, textBytes, hasNulls], i): BlockColumn => {
    const { values, text, nulls } = layout.columns[i] as ColumnPlace
    const count = isText(kind) ? length + 1 : length
    return {
      name,
      kind,
      values: valuesAt(kind, buffer, byteOffset + values, count),
      text: isText(kind) ? bytes.subarray(text, text + textBytes) : EMPTY,
      nulls: hasNulls ? bytes.subarray(nulls, nulls + length) : undefined,
    }
  })
}

function valuesAt(
  kind: ColumnKind,
  buffer: ArrayBuffer,
  byteOffset: number,
  count: number,
): BlockColumn['values'] {
  switch (kind) {
    case 'number':
    case 'time':
      return new Float64Array(buffer, byteOffset, count)
    case 'int32':
      return new Int32Array(buffer, byteOffset, count)
    case 'boolean':
      return new Uint8Array(buffer, byteOffset, count)
    default:
      return new Uint32Array(buffer, byteOffset, count)
  }
}
