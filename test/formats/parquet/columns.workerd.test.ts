import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../../src/core/bytes.ts'
import { parquetColumns } from '../../../src/formats/parquet/columns/workerd.ts'
import { parquetByHyparquet } from '../readers.ts'

describe('parquetColumns in workerd', () => {
  test('has the kernels without being given them', async () => {
    const encoder = parquetColumns({ rowGroupRows: 2 })
    const chunks = [
      ...(await encoder.write({ id: Int32Array.of(1, 2, 3), city: ['Bern', null, 'Oslo'] })),
      ...(await encoder.close()).chunks,
    ]
    expect(await parquetByHyparquet(concatBytes(chunks))).toEqual([
      { id: 1, city: 'Bern' },
      { id: 2, city: null },
      { id: 3, city: 'Oslo' },
    ])
  })
})
