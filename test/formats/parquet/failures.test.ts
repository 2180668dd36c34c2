import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Encoder, Format, Row, Schema } from '../../../src/contracts/index.ts'
import { concatBytes } from '../../../src/core/bytes.ts'
import { encodeColumnChunk } from '../../../src/formats/parquet/chunk/encode-column-chunk.ts'
import { brotliCodec } from '../../../src/formats/parquet/codecs/brotli.ts'
import { gzipCodec } from '../../../src/formats/parquet/codecs/gzip.ts'
import { parquetColumns } from '../../../src/formats/parquet/columns/index.ts'
import { type EncodeChunk, rowEncoder } from '../../../src/formats/parquet/encoder.ts'
import { parquetFormat } from '../../../src/formats/parquet/format.ts'
import { type Compressor, parquet } from '../../../src/formats/parquet/index.ts'
import { compileKernels, Kernels } from '../../../src/formats/parquet/kernels.ts'
import { checkedSettings } from '../../../src/formats/parquet/options.ts'
import { parquetByHyparquet } from '../readers.ts'

const schema: Schema = {
  fields: ['a', 'b'].map((name) => ({ name, type: 'int32', nullable: false })),
}
const rows: readonly Row[] = [1, 2, 3, 4].map((a) => ({ a, b: -a }))
const texts: Schema = { fields: [{ name: 'v', type: 'string', nullable: false }] }

const fallback = (rowGroupRows: number): Format =>
  parquetFormat({ rowGroupRows, onFallback: () => {} }, () => {
    throw new WebAssembly.CompileError()
  })

/** A gzip whose page of this number, from 0 on, fails. */
function failing(page: number): Compressor {
  let pages = 0
  return {
    name: 'gzip',
    async compress() {
      if (pages++ === page) throw new Error('no gzip today')
      return new Uint8Array(20)
    },
  }
}

/** An error of the one call, sooner or later. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  return undefined
}

async function expectUnusable(encoder: Encoder, given: Iterable<Row>): Promise<void> {
  const error = await errorOf(() => encoder.write(given))
  expect(error).toBeInstanceOf(Error)
  expect(await errorOf(() => encoder.write(rows))).toBe(error)
  expect(await errorOf(() => encoder.close())).toBe(error)
  expect(encoder.checkpoint?.()).toBe(undefined)
}

describe('an encoder that has failed gives no file, nor a place to go on from', () => {
  test.each([0, 1, 3])('after a compressor that fails at page %i', async (page) => {
    const format = parquet({ rowGroupRows: 2, codec: failing(page) })
    await expectUnusable(format.encoder({ schema }), rows)
  })

  test('after a column that the kernels have no memory for', async () => {
    const kernels = new Kernels(compileKernels(), 4 * 1024 ** 2)
    const encode: EncodeChunk = (leaf, data) =>
      encodeColumnChunk(kernels, leaf, data, { codec: 'snappy' })
    const encoder = rowEncoder(checkedSettings({ rowGroupRows: 2 }), encode, { schema: texts })
    const chunks = await encoder.write([{ v: 'a' }, { v: 'b' }])
    expect(chunks).not.toEqual([])
    const large = [{ v: 'x'.repeat(5 * 1024 ** 2) }, { v: '' }]
    expect(await errorOf(() => encoder.write(large))).toMatchObject({
      code: 'too-large',
      message: expect.stringMatching(/^The column v of a row group takes .* smaller row groups$/),
    })
    await expectUnusable(encoder, large)
    // Others share the kernels.
    const next = rowEncoder(checkedSettings({ rowGroupRows: 2 }), encode, { schema: texts })
    expect(await next.write([{ v: 'a' }, { v: 'b' }])).toEqual(chunks)
  })
})

describe('an encoder that is closed takes nothing more, which would be in no file', () => {
  test.each<[string, () => Pick<Encoder, 'write' | 'close' | 'pause'>]>([
    ['of rows', () => parquet().encoder({ schema })],
    ['of rows whose columns are inferred', () => parquet().encoder()],
    ['of rows, without WebAssembly', () => fallback(2).encoder({ schema })],
  ])('%s', async (_, make) => {
    const encoder = make()
    await encoder.write(rows)
    await encoder.close()
    await expectClosed(() => encoder.write(rows))
    await expectClosed(() => encoder.write([]))
    await expectClosed(() => encoder.close())
    if (encoder.pause) await expectClosed(() => encoder.pause?.())
  })

  test('of columns', async () => {
    const encoder = parquetColumns({ schema })
    await encoder.write({ a: [1], b: [1] })
    await encoder.close()
    await expectClosed(() => encoder.write({ a: [1], b: [1] }))
    await expectClosed(() => encoder.close())
  })

  test('also while it is being closed', async () => {
    const slow: Compressor = { name: 'gzip', compress: async () => new Uint8Array(20) }
    const encoder = parquet({ codec: slow }).encoder({ schema })
    await encoder.write(rows)
    const closing = encoder.close()
    await expectClosed(() => encoder.write(rows))
    expect((await closing).chunks.length).toBeGreaterThan(0)
  })

  async function expectClosed(call: () => unknown): Promise<void> {
    expect(await errorOf(call)).toMatchObject({
      name: 'SluiceError',
      code: 'invalid-options',
      message: expect.stringContaining('closed'),
    })
  }
})

describe('what are no columns is refused, and makes no file of something else', () => {
  test.each<[string, unknown]>([
    ['rows', [{ a: 1, b: 2 }]],
    ['no rows', []],
    ['a row', { a: 1, b: 'x' }],
    ['a Map', new Map([['a', [1]]])],
    ['a generator of rows', (function* () {})()],
    ['a typed array', Int32Array.of(1)],
    ['a text as a column', { a: 'abc' }],
    ['a Set as a column', { a: new Set([1]) }],
    ['a column that is not there', { a: undefined }],
    ['a column of another length than it has', { a: { length: -1 } }],
    ['nothing', undefined],
    ['null', null],
    ['a text', 'a'],
  ])('%s', async (_, given) => {
    for (const options of [{}, { schema }]) {
      const encoder = parquetColumns(options)
      const error = await errorOf(() => encoder.write(given as never))
      expect(error).toMatchObject({ name: 'SluiceError', code: 'invalid-record' })
      expect((error as Error).message).toMatch(/array/)
      // It was no part of the file.
      await encoder.write({ a: [1], b: [2] })
      const { chunks } = await encoder.close()
      expect(await parquetByHyparquet(concatBytes(chunks))).toEqual([{ a: 1, b: 2 }])
    }
  })
})

describe('a platform whose compression fails', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  const fail = (): never => {
    throw new Error('no memory')
  }
  const some = Uint8Array.of(31, 139)
  const failures: Readonly<Record<string, Transformer<Uint8Array, Uint8Array>>> = {
    'at its first byte': { transform: fail },
    'behind some bytes': {
      transform(_, controller) {
        controller.enqueue(some)
        fail()
      },
    },
    'at its end': { transform: (_, controller) => controller.enqueue(some), flush: fail },
  }

  test.each(
    [gzipCodec(), brotliCodec()].flatMap((codec) =>
      Object.entries(failures).map(([when, how]) => [codec.name, when, codec, how] as const),
    ),
  )('%s, %s, fails the encoder, and nothing beside it', async (_, __, codec, how) => {
    const unhandled: unknown[] = []
    const notice = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', notice)
    try {
      // A stream of the platform, which no page makes fail by itself.
      const stream = class extends TransformStream<Uint8Array, Uint8Array> {
        constructor() {
          super(how)
        }
      }
      vi.stubGlobal('CompressionStream', stream)
      const encoder = parquet({ rowGroupRows: 2, codec }).encoder({ schema })
      expect(await errorOf(() => encoder.write(rows))).toMatchObject({ message: 'no memory' })
      await expectUnusable(encoder, rows)
      await new Promise(setImmediate)
      expect(unhandled).toEqual([])
    } finally {
      process.off('unhandledRejection', notice)
    }
  })
})

test.each(['json', 'variant'] as const)(
  'a cycle in a column of %s is refused by name',
  async (type) => {
    const v: Record<string, unknown> = {}
    v.list = [v]
    const encoder = parquet().encoder({
      schema: { fields: [{ name: 'v', type, nullable: false }] },
    })
    expect(await errorOf(() => encoder.write([{ v: {} }, { v }]))).toMatchObject({
      code: 'invalid-record',
      message: expect.stringMatching(/^Row 1 of the file: \/v\/list\/0\/list.* or in a cycle$/),
    })
  },
)

test.each<[unknown, string]>([
  [{ a: ['x', '\ud800'] }, '/v/a/1 holds a lone surrogate, which UTF-8 cannot express'],
  [{ '\ud800': 1 }, '/v has a key with a lone surrogate, which UTF-8 cannot express'],
])('half a character in a variant is refused by its path', async (v, why) => {
  const variants: Schema = { fields: [{ name: 'v', type: 'variant', nullable: false }] }
  const encoder = parquet().encoder({ schema: variants })
  expect(await errorOf(() => encoder.write([{ v: 'é' }, { v }]))).toMatchObject({
    code: 'invalid-record',
    message: `Row 1 of the file: ${why}`,
  })
})

test('rows are told that a compressor has failed, and nobody reads on', async () => {
  let isOver = false
  function* watched(): Iterable<Row> {
    try {
      yield* rows
    } finally {
      isOver = true
    }
  }
  const encoder = parquet({ rowGroupRows: 1, codec: failing(0) }).encoder({ schema })
  await expect(encoder.write(watched())).rejects.toThrow('no gzip today')
  expect(isOver).toBe(true)
})
