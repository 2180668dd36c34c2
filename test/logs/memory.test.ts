import { describe, expect, test } from 'vitest'
import type { Bytes, Encoding, Lane, Row, SealedFile } from '../../src/contracts/index.ts'
import { type BuiltBlock, blockOfRows } from '../../src/core/rows/block-builder.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { logSuite } from '../../src/testing/log-suite.ts'

describe('memory log', () => {
  const cases = logSuite({
    durable: false,
    create: async () => ({
      log: memoryLog(),
      reopen: () => Promise.reject(new Error('A memory log does not outlive its process')),
    }),
  })
  for (const { name, skip, run } of cases) {
    test(name, async (context) => {
      context.skip(skip !== undefined, skip)
      await run()
    })
  }

  test('what is committed holds no memory, also before the collector comes', async () => {
    const session = await memoryLog<Row>().open('test')
    const lane: Lane = { stream: 's', partition: '', shard: '0', schema: '' }
    const encoding: Encoding = { format: 'jsonl', schema: undefined }
    const buffers: ArrayBuffer[] = []
    const append = async (from: number): Promise<void> => {
      const rows = Array.from({ length: 10 }, (_, i) => ({ n: from + i }))
      const { block, bytes } = blockOfRows(rows) as BuiltBlock<Row>
      buffers.push((block.bytes as Bytes).buffer)
      const lanes = [{ lane, rows: block, bytes, encoding }]
      await session.append({ lanes, rejected: [], atMs: 0 })
    }
    const sizes = (): boolean[] => buffers.map(({ byteLength }) => byteLength > 0)
    await append(0)
    await append(10)
    const file: SealedFile = {
      ...{ id: 'one', key: 'one', lane, begin: 0, end: 15, reason: 'close' },
      ...{ openedAtMs: 0, sealedAtMs: 0 },
    }
    await session.seal(file)
    const rows: Row[] = []
    for await (const batch of session.read(file)) rows.push(...batch)
    expect(rows).toEqual(Array.from({ length: 15 }, (_, n) => ({ n })))
    expect(sizes()).toEqual([true, true])
    await session.commit([{ ...file, etag: '"1"', bytes: 1 }])
    // The rest of the second one is in no file yet.
    expect(sizes()).toEqual([false, true])
    await session.close()
  })
})
