import { describe, expect, test } from 'vitest'
import { receiptId } from '../../src/core/receipt-id.ts'
import { bench, key, rows } from './harness.ts'

const lane = { stream: 's', partition: '', shard: '0', schema: 'auto' }

describe('a receipt that nobody was given', () => {
  test.each([
    ['beyond the end of its lane', { lane, begin: 0, end: 4 }],
    ['without end', { lane, begin: 0, end: Number.MAX_SAFE_INTEGER }],
    ['of a lane that is not there', { lane: { ...lane, partition: 'p=1' }, begin: 0, end: 1 }],
  ])('%s is not found, rather than pending for ever', async (_, range) => {
    const { sink } = bench()
    await sink.write(rows(0, 3))
    const receipt = sink.receipt(receiptId([range]))
    await expect(receipt.progress()).rejects.toMatchObject({ code: 'not-found' })
    await expect(receipt.committed()).rejects.toMatchObject({ code: 'not-found' })
    await sink.close()
  })

  test('says what there is only once, in however many pieces it asks', async () => {
    const { sink } = bench()
    await sink.write(rows(0, 50))
    await sink.flush()
    const pieces = Array.from({ length: 50 }, (_, n) => ({ lane, begin: n, end: n + 1 }))
    expect(await sink.receipt(receiptId(pieces)).progress()).toEqual({
      state: 'committed',
      records: 50,
      files: [expect.objectContaining({ key: key(0, 50) })],
    })
    const twice = receiptId([...pieces, ...pieces])
    expect(() => sink.receipt(twice)).toThrow(expect.objectContaining({ code: 'not-found' }))
    await sink.close()
  })
})

describe('a closed sink', () => {
  test('answers for its own receipts', async () => {
    const { sink } = bench()
    const { receipt } = await sink.write(rows(0, 3))
    await sink.close()
    expect(await receipt.progress()).toMatchObject({ state: 'committed', records: 3 })
  })

  test('says that it is closed, not "pending", of what an earlier process published', async () => {
    const { sink, reopen } = bench()
    const { receipt } = await sink.write(rows(0, 3))
    await sink.close()
    const second = reopen()
    const mine = (await second.write(rows(3, 5))).receipt
    const earlier = second.receipt(receipt.id)
    expect(await earlier.progress()).toMatchObject({ state: 'committed', records: 3 })
    await second.close()
    const closed = { code: 'invalid-options', message: expect.stringContaining('closed') }
    await expect(earlier.progress()).rejects.toMatchObject(closed)
    await expect(earlier.committed()).rejects.toMatchObject(closed)
    expect(await mine.progress()).toMatchObject({ state: 'committed', records: 2 })
  })
})
