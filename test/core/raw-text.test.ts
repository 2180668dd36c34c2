import { expect, test } from 'vitest'
import { rawText } from '../../src/core/raw-text.ts'

test('JSON is written as it is, in all of its levels', () => {
  let deep: unknown = 1
  for (let level = 0; level < 63; level++) deep = [deep]
  for (const value of [{ a: [1, 'x', null] }, { deep }]) {
    expect(rawText(value)).toBe(JSON.stringify(value))
  }
  expect(rawText({ deep: [deep] })).toContain('[["[cycle or too deep]"]]')
})

test('what JSON cannot hold is named, or written as JSON lines would', () => {
  const row = {
    map: new Map([[1, { a: Number.NaN }]]),
    set: new Set(['x']),
    bytes: Uint8Array.of(1, 2),
    buffer: new ArrayBuffer(1),
    view: new Uint8ClampedArray([255]),
    run: () => 1,
  }
  expect(JSON.parse(rawText(row))).toEqual({
    map: [[1, { a: '[NaN]' }]],
    set: ['x'],
    bytes: 'AQI=',
    buffer: 'AA==',
    view: '/w==',
    run: '[function]',
  })
})

test('it ends, however many objects know one another', () => {
  const all: object[][] = Array.from({ length: 20 }, () => [])
  for (const one of all) one.push(...all)
  expect(rawText({ all }).length).toBeLessThan(10 * 1024 * 1024)
})
