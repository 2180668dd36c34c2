import { describe, expect, test } from 'vitest'
import type { Encoder, Format, Row, Schema } from '../../../src/contracts/index.ts'
import { parquetColumns } from '../../../src/formats/parquet/columns/index.ts'
import { parquetFormat } from '../../../src/formats/parquet/format.ts'
import { type Compressor, parquet } from '../../../src/formats/parquet/index.ts'

const schema: Schema = {
  fields: ['a', 'b'].map((name) => ({ name, type: 'int32', nullable: false })),
}
const rows: readonly Row[] = [1, 2, 3, 4].map((a) => ({ a, b: -a }))
const misfit: Row = { a: 5, b: 'x' }

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
  test('after a row that does not fit, some of whose columns were taken', async () => {
    await expectUnusable(parquet().encoder({ schema }), [...rows, misfit])
  })

  test('after row groups that nobody was given', async () => {
    await expectUnusable(parquet({ rowGroupRows: 2 }).encoder({ schema }), [...rows, misfit])
    await expectUnusable(fallback(2).encoder({ schema }), [...rows, misfit])
  })

  test.each([0, 1, 3])('after a compressor that fails at page %i', async (page) => {
    const format = parquet({ rowGroupRows: 2, codec: failing(page) })
    await expectUnusable(format.encoder({ schema }), rows)
  })

  test('after rows that fail themselves', async () => {
    function* broken(): Iterable<Row> {
      yield* rows
      throw new Error('no more')
    }
    await expectUnusable(parquet({ rowGroupRows: 2 }).encoder({ schema }), broken())
  })

  test('nor does one of columns', async () => {
    const encoder = parquetColumns({ schema })
    const error = await errorOf(() => encoder.write({ a: [1, 2], b: [1, 'x'] }))
    expect(error).toMatchObject({ code: 'invalid-record' })
    expect(await errorOf(() => encoder.write({ a: [1], b: [1] }))).toBe(error)
    expect(await errorOf(() => encoder.close())).toBe(error)
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
