import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../../../src/contracts/index.ts'
import { utf8 } from '../../../../src/core/bytes.ts'
import { encodeColumnChunk } from '../../../../src/formats/parquet/chunk/encode-column-chunk.ts'
import type { ChunkOptions, Leaf, LeafData } from '../../../../src/formats/parquet/chunk/leaf.ts'
import { compileKernels, kernelsOf } from '../../../../src/formats/parquet/kernels.ts'
import {
  ENCODINGS_OF,
  flatLeaf,
  type Kind,
  listData,
  nullableData,
  requiredData,
  type Value,
} from './leaves.ts'
import { readTinyFile, tinyFile } from './tiny-file.ts'

const kernels = kernelsOf(compileKernels())

async function readBack(
  leaf: Leaf,
  data: LeafData,
  options: Partial<ChunkOptions> = {},
): Promise<unknown[]> {
  const chunk = await encodeColumnChunk(kernels, leaf, data, { codec: 'snappy', ...options })
  const width = data.values.kind === 'fixed' ? data.values.width : 0
  return readTinyFile(tinyFile(leaf, data.rows, chunk, width))
}

const bytes = (size: fc.Size): fc.Arbitrary<Bytes> =>
  fc.oneof(
    fc.uint8Array({ size }) as fc.Arbitrary<Bytes>,
    fc.string({ unit: 'binary', size }).map(utf8),
    fc.constantFrom(...['', 'a', '\u{10ffff}', 'prefix-1', 'prefix-12', 'prefix-2'].map(utf8)),
  )

const VALUES: Readonly<Record<Kind, fc.Arbitrary<Value>>> = {
  boolean: fc.boolean(),
  int32: fc.oneof(fc.integer(), fc.nat(9), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1)),
  int64: fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: 0n, max: 9n }),
    fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n),
  ),
  float: fc.oneof(fc.float(), fc.constantFrom(0, -0, Number.NaN)),
  double: fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN)),
  bytes: bytes('small'),
  fixed: fc.uint8Array({ minLength: 5, maxLength: 5 }) as fc.Arbitrary<Bytes>,
}

/** Runs of equal values and long stretches, which arrays of random values never have. */
function columns<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  const run = fc
    .tuple(value, fc.oneof(fc.constant(1), fc.nat(70)))
    .map(([of, n]) => Array<T>(n).fill(of))
  return fc.array(run, { maxLength: 60 }).map((runs) => runs.flat())
}

const cases = Object.entries(ENCODINGS_OF).flatMap(([kind, encodings]) =>
  [undefined, ...encodings].map((encoding) => [kind as Kind, encoding] as const),
)
const SMALL_PAGES = { pageRows: 100, pageBytes: 600 }

describe.each(cases)('%s as %s', (kind, encoding) => {
  const given = encoding && { encoding }

  test('reads back equal', async () => {
    await fc.assert(
      fc.asyncProperty(columns(VALUES[kind]), fc.boolean(), async (values, isSmall) => {
        const data = requiredData(kind, values)
        const options = isSmall ? SMALL_PAGES : { codec: 'none' as const }
        expect(await readBack(flatLeaf(kind, given), data, options)).toEqual(values)
      }),
      { numRuns: 30 },
    )
  })

  test('reads back equal between nulls', async () => {
    const leaf = flatLeaf(kind, { ...given, maxDefinition: 1 })
    await fc.assert(
      fc.asyncProperty(columns(fc.option(VALUES[kind], { freq: 2 })), async (rows) => {
        expect(await readBack(leaf, nullableData(kind, rows), SMALL_PAGES)).toEqual(rows)
      }),
      { numRuns: 30 },
    )
  })

  test('reads back equal in lists', async () => {
    const leaf = flatLeaf(kind, { ...given, maxDefinition: 2, maxRepetition: 1 })
    const list = fc.array(fc.option(VALUES[kind]), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(columns(list), async (rows) => {
        expect(await readBack(leaf, listData(kind, rows), SMALL_PAGES)).toEqual(rows)
      }),
      { numRuns: 20 },
    )
  })
})
