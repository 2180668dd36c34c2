import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { FieldType, Row, Schema } from '../../../src/contracts/index.ts'
import { totalBytes } from '../../../src/core/bytes.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'

const MIB = 1024 ** 2
/** What an encoder of no rows holds, and what is gathered of texts before they are encoded. */
const SOME_BYTES = MIB
/** Of arrays that the next row group of any encoder uses again. */
const KEPT_BYTES = 32 * MIB
const BATCH = 10_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Of arrays that somebody still holds. */
function heldBytes(): number {
  collect()
  return process.memoryUsage().arrayBuffers
}

const column = (name: string, type: FieldType) => ({ name, type, nullable: true })
const schema: Schema = {
  fields: [
    column('id', 'int64'),
    column('ratio', 'double'),
    column('text', 'string'),
    column('is', 'boolean'),
    column('tags', { kind: 'list', element: { type: 'string', nullable: false } }),
  ],
}

function rowsFrom(begin: number, count: number): Row[] {
  return Array.from({ length: count }, (_, place) => {
    const id = begin + place
    return {
      id,
      ratio: id % 10 === 0 ? null : id / 7,
      text: `path/${id % 97}/é${'x'.repeat(id % 600)}`,
      is: id % 3 === 0,
      tags: id % 4 === 0 ? [] : [`t${id % 13}`, 'tag'],
    }
  })
}

test('an encoder holds at most twice what it says, and lets go of a row group that is written', async () => {
  const before = heldBytes()
  const rowGroupBytes = 48 * MIB
  const encoder = parquet({ rowGroupBytes, rowGroupRows: 1e6 }).encoder({ schema })
  let most = 0
  let groups = 0
  for (let id = 0; groups < 2; id += BATCH) {
    const chunks = await encoder.write(rowsFrom(id, BATCH))
    const { bufferedBytes } = encoder
    if (chunks.length > 0) groups++
    most = Math.max(most, bufferedBytes)
    const mostHeld = 2 * bufferedBytes + totalBytes(chunks) + KEPT_BYTES + SOME_BYTES
    // V8 gives arrays back on a thread of its own, some time after it has found that nobody holds them.
    await expect
      .poll(() => heldBytes() - before, { timeout: 20_000, interval: 10 })
      .toBeLessThanOrEqual(mostHeld)
  }
  expect(most).toBeGreaterThan(0.9 * rowGroupBytes)
  expect(most).toBeLessThanOrEqual(rowGroupBytes)
})
