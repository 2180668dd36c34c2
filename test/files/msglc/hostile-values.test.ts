/** Where a payload is damaged and its table of contents is not, each place is what other decoders read there, or an error. */
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { equalBytes } from '../../../src/core/bytes.ts'
import { isSluiceError } from '../../../src/core/errors.ts'
import { bytesHandle } from '../../../src/files/msglc/byte-handle.ts'
import { FileReader } from '../../../src/files/msglc/file-reader.ts'
import { lazyReader } from '../../../src/files/msglc/index.ts'
import { largeValue } from '../../../src/files/msglc/large-value.ts'
import { RangeReader } from '../../../src/files/msglc/range-reader.ts'
import { isDivided } from '../../../src/files/msglc/value-windows.ts'
import { HEADER_BYTES, readHeader } from '../../../src/formats/msglc/header.ts'
import { type CodecName, encodeMsglc } from '../../../src/formats/msglc/index.ts'
import { CASES, change, random, SEED } from './mutants.ts'
import { decodersOfOthers } from './other-decoders.ts'

const value = {
  texts: ['', 'é漢😀', 'x'.repeat(30), 'y'.repeat(300)],
  integers: [0, -1, 23, -33, 255, -70_000, 2 ** 40, 2n ** 63n, -(2n ** 63n)],
  floats: [0.5, -0, 1e300, Number.NaN, Number.NEGATIVE_INFINITY],
  doubles: Array.from({ length: 30 }, (_, index) => index + 0.5),
  blocks: Array.from({ length: 40 }, (_, index) => index * 7),
  constants: [null, true, false],
  bytes: [new Uint8Array(0), new Uint8Array(40)],
  maps: [
    { deep: [{ deeper: { '': 1 } }] },
    new Map<unknown, unknown>([
      [1, 'one'],
      ['1', 2],
    ]),
  ],
}

/** A node of a table of contents, as the decoder of others reads it. */
interface Node {
  readonly p: readonly [number, number] | readonly (readonly [number, number, number])[]
  readonly t?: readonly Node[] | Readonly<Record<string, Node>>
}

interface Seed {
  readonly file: Uint8Array
  readonly codec: CodecName
  readonly payloadEnd: number
  readonly root: Node
}

const seeds = (['msgpack', 'cbor'] as const).flatMap((codec) =>
  [0, 2, 20, 8192].map((smallBytes): Seed => {
    const file = encodeMsglc(value, { codec, smallBytes, trivialBytes: Math.min(smallBytes, 9) })
    const { tocStart } = readHeader(file, file.byteLength, {})
    const payloadEnd = HEADER_BYTES + tocStart
    const [root] = decodersOfOthers[codec](file.subarray(payloadEnd))
    return { file, codec, payloadEnd, root: root as Node }
  }),
)

/** Where the value of a node lies, and how many there are in these bytes. */
function placeOf({ p }: Node): { start: number; end: number; count: number | undefined } {
  if (typeof p[0] === 'number') {
    const [start, end] = p as [number, number]
    return { start, end, count: undefined }
  }
  const blocks = p as readonly (readonly [number, number, number])[]
  const count = blocks.reduce((sum, [each]) => sum + each, 0)
  return { start: blocks[0]?.[1] ?? 0, end: blocks.at(-1)?.[2] ?? 0, count }
}

/** What other decoders read there; `undefined` where they find no value, or more or fewer than the table says. */
function meantBy(node: Node, codec: CodecName, payload: Uint8Array): { is: unknown } | undefined {
  const { start, end, count } = placeOf(node)
  try {
    const values = decodersOfOthers[codec](payload.subarray(start, end))
    if (values.length !== (count ?? 1)) return undefined
    return { is: count === undefined ? values[0] : values }
  } catch {
    return undefined
  }
}

function* nodesOf(node: Node, path: readonly (string | number)[]): Generator<[Node, typeof path]> {
  yield [node, path]
  for (const [key, child] of Object.entries(node.t ?? {})) {
    yield* nodesOf(child as Node, [...path, Array.isArray(node.t) ? Number(key) : key])
  }
}

async function inWindows(file: Uint8Array, windowBytes: number): Promise<unknown> {
  const ranges = new RangeReader(bytesHandle(file), {})
  const span = { start: 0, end: file.byteLength }
  const root = (await FileReader.open(ranges, span, { maxTocBytes: file.byteLength })).root('')
  return isDivided(root, 0) ? largeValue(root, windowBytes) : (await lazyReader(file)).toObject()
}

/** Where others read something all the same. In windows it may also be that the table of contents says otherwise. */
const REFUSED = /not UTF-8|of unknown length/

test(`the values of ${CASES} damaged payloads are those that other decoders read, or errors`, {
  timeout: 3_600_000,
}, async () => {
  const next = random(SEED)
  let compared = 0
  let refused = 0
  for (let run = 0; run < CASES; run++) {
    const { file, codec, payloadEnd, root } = seeds[run % seeds.length] as Seed
    const mutant = file.slice()
    const payload = mutant.subarray(HEADER_BYTES, payloadEnd)
    for (let changes = 1 + Math.floor(next() * 3); changes > 0; changes--) change(payload, 0, next)
    const reader = await lazyReader(mutant)
    const windowBytes = 1 + Math.floor(next() * 100)
    const ways: [Node, string, Promise<unknown>][] = [
      [root, `windows of ${windowBytes}`, inWindows(mutant, windowBytes)],
    ]
    for (const [node, path] of nodesOf(root, [])) {
      const { start, end } = placeOf(node)
      const before = file.subarray(HEADER_BYTES + start, HEADER_BYTES + end)
      if (equalBytes(payload.subarray(start, end), before)) continue
      ways.push([node, JSON.stringify(path), reader.read(path)])
    }
    for (const [node, way, reading] of ways) {
      const meant = meantBy(node, codec, payload)
      const found = await reading.then((is) => ({ is }), told)
      const of = [run, codec, way]
      if ('is' in found) {
        compared++
        if (!isDeepStrictEqual(found, meant)) expect([...of, found]).toEqual([...of, meant])
      } else {
        refused++
        if (meant && !way.startsWith('windows'))
          expect([...of, found.why]).toEqual([...of, expect.stringMatching(REFUSED)])
      }
    }
  }
  // Else nothing would have been damaged, or nothing compared.
  expect([compared > CASES, refused > CASES]).toEqual([true, true])
})

function told(error: unknown): { why: string } {
  if (isSluiceError(error, 'protocol')) return { why: error.message }
  throw error
}
