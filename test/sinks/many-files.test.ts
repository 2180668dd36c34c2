import { expect, test, vi } from 'vitest'
import { bench, key, rows } from './harness.ts'

// Ten thousand files take a minute.
vi.mock('../../src/core/kept-files.ts', () => ({ KEPT_FILES: 10 }))

test('a flush answers all of its files; a closed sink keeps the last ones and counts the rest', async () => {
  const { sink, reopen } = bench({ rotate: { records: 1 } })
  const first = await sink.write(rows(0, 14))
  expect(await sink.flush()).toHaveLength(14)
  expect(await sink.flush()).toEqual([])
  const last = await sink.write(rows(14, 15))
  const result = await sink.close()
  expect(result).toMatchObject({ accepted: 15, fileCount: 15 })
  expect(result.files.map((file) => file.key)).toEqual(
    Array.from({ length: 10 }, (_, index) => key(index + 5, index + 6)),
  )

  expect(await last.receipt.progress()).toMatchObject({ state: 'committed', records: 1 })
  await expect(first.receipt.progress()).rejects.toMatchObject({ code: 'not-found' })
  await expect(first.receipt.committed()).rejects.toMatchObject({ code: 'not-found' })
  const later = reopen()
  expect(await later.receipt(first.receipt.id).progress()).toMatchObject({ records: 14 })
  await later.close()
})

test('two flushes at once answer their own', async () => {
  const { sink } = bench({ rotate: { records: 1 } })
  await sink.write(rows(0, 12))
  const one = sink.flush()
  await sink.write(rows(12, 13))
  const two = sink.flush()
  expect((await one).length).toBeGreaterThanOrEqual(12)
  expect((await two).map((file) => file.key)).toContain(key(12, 13))
  await sink.close()
})
