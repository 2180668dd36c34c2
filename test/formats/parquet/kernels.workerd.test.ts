import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/core/bytes.ts'
import { encodeColumnChunk } from '../../../src/formats/parquet/chunk/encode-column-chunk.ts'
import { kernelsOf } from '../../../src/formats/parquet/kernels.ts'
import module from '../../../src/formats/parquet/kernels.wasm'
import { ENCODINGS_OF, flatLeaf, type Kind, nullableData, type Value } from './chunk/leaves.ts'
import { readTinyFile, tinyFile } from './chunk/tiny-file.ts'

const VALUES: Readonly<Record<Kind, (i: number) => Value>> = {
  boolean: (i) => i % 3 === 0,
  int32: (i) => (i * i) % 1000,
  int64: (i) => BigInt(i) ** 3n,
  float: (i) => Math.fround(i / 7),
  double: (i) => i / 7,
  bytes: (i) => utf8(`/path/${i % 40}/${i}`),
  fixed: (i) => Uint8Array.of(i, i >> 8, 7),
}

describe('kernels that were imported, in workerd', () => {
  test.each(Object.keys(VALUES) as Kind[])('%s', async (kind) => {
    const rows = Array.from({ length: 3_000 }, (_, i) => (i % 5 === 0 ? null : VALUES[kind](i)))
    const data = nullableData(kind, rows)
    for (const encoding of [undefined, ...ENCODINGS_OF[kind]]) {
      const leaf = flatLeaf(kind, { encoding, maxDefinition: 1, bloom: true })
      const chunk = await encodeColumnChunk(kernelsOf(module), leaf, data, {
        ...{ codec: 'snappy', pageRows: 1_000 },
      })
      expect(await readTinyFile(tinyFile(leaf, rows.length, chunk, 3))).toEqual(rows)
    }
  })
})
