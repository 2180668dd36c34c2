import { expect, test } from 'vitest'
import { Heap } from '../../src/core/heap.ts'

test('the first one is at hand, in whatever order they come and go', () => {
  const heap = new Heap<number>((a, b) => a < b)
  expect([heap.first, heap.take()]).toEqual([undefined, undefined])
  // Each of 0 … 96 once, mixed, half of them taken in between.
  const mixed = Array.from({ length: 97 }, (_, i) => (i * 31) % 97)
  const taken: (number | undefined)[] = []
  for (const [i, number] of mixed.entries()) {
    heap.add(number)
    if (i % 2 === 1) taken.push(heap.take())
  }
  const rest: (number | undefined)[] = []
  while (heap.first !== undefined) rest.push(heap.take())
  expect(rest).toEqual([...rest].sort((a = 0, b = 0) => a - b))
  expect([...taken, ...rest].sort((a = 0, b = 0) => a - b)).toEqual(
    Array.from({ length: 97 }, (_, i) => i),
  )
})

test('is sorted anew when what decides has changed', () => {
  const items = [5, 3, 9, 1].map((at) => ({ at }))
  const heap = new Heap<{ at: number }>((a, b) => a.at < b.at)
  for (const item of items) heap.add(item)
  for (const item of items) item.at = -item.at
  heap.sort()
  expect([heap.take(), heap.take(), heap.take(), heap.take()].map((item) => item?.at)).toEqual([
    -9, -5, -3, -1,
  ])
})
