import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodingOf, encodingText } from '../../src/logs/encodings.ts'
import { anyTyped } from '../core/schemas/arbitraries.ts'

test('gives columns of every type back, and equal ones have one text', () => {
  fc.assert(
    fc.property(anyTyped, fc.boolean(), ({ type }, nullable) => {
      const encoding = { format: 'parquet', schema: { fields: [{ name: 'a', type, nullable }] } }
      const text = encodingText(encoding)
      expect(encodingOf(text)).toEqual(encoding)
      expect(encodingText(encodingOf(text))).toBe(text)
    }),
  )
})

test('the order of keys is none of the type', () => {
  const one = { kind: 'decimal', precision: 9, scale: 2 } as const
  const other = { scale: 2, precision: 9, kind: 'decimal' } as const
  const texts = [one, other].map((type) =>
    encodingText({ format: 'csv', schema: { fields: [{ name: 'a', type, nullable: true }] } }),
  )
  expect(texts[0]).toBe(texts[1])
})

// What is in the logs of earlier versions.
test('columns of words are written as they always were', () => {
  const fields = [{ name: 'a', type: 'int32', nullable: true }] as const
  expect(encodingText({ format: 'csv', schema: { fields }, run: 'r' })).toBe(
    '["csv",[{"name":"a","type":"int32","nullable":true}],"r"]',
  )
  expect(encodingText({ format: 'jsonl', schema: undefined })).toBe('["jsonl",null]')
})
