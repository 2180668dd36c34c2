import { describe, expect, test } from 'vitest'
import type { LaneRange } from '../../src/contracts/index.ts'
import { rangesOf, receiptId } from '../../src/core/receipt-id.ts'

const lane = { stream: 's', partition: '', shard: '0', schema: 'auto' }
const range = (begin: number, end: number, partition = ''): LaneRange => ({
  lane: { ...lane, partition },
  begin,
  end,
})

describe('the id of a receipt', () => {
  test('is its ranges', () => {
    const ranges = [range(5, 9), range(0, 3, 'ort=Köln'), range(9, 10), range(0, 5)]
    const id = receiptId(ranges)
    expect(id).toMatch(/^[A-Za-z0-9_-]+$/)
    expect(rangesOf(id, 's')).toEqual(ranges)
    expect(rangesOf(receiptId([]), 's')).toEqual([])
  })

  test.each([
    ['the same range twice', [range(0, 3), range(0, 3)]],
    ['ranges that overlap', [range(2, 9), range(0, 3)]],
    ['a range within another', [range(0, 9), range(1, 2)]],
    ['an empty range', [range(3, 3)]],
    ['a fraction', [range(0, 2.5)]],
    ['a negative position', [range(-1, 2)]],
    [
      'more ranges than any answer may hold',
      Array.from({ length: 10_001 }, (_, n) => range(n, n + 1)),
    ],
  ])('%s is no receipt', (_, ranges) => {
    const id = receiptId(ranges)
    expect(() => rangesOf(id, 's')).toThrow(expect.objectContaining({ code: 'not-found' }))
  })

  test.each(['', 'a receipt', '====', 'bm90IGpzb24', 'e30', 'W1tdXQ'])(
    '"%s" is no receipt',
    (id) => {
      expect(() => rangesOf(id, 's')).toThrow(expect.objectContaining({ code: 'not-found' }))
    },
  )
})
