import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8, utf8Length } from '../../src/core/bytes.ts'
import {
  checkKey,
  checkPrefix,
  compareKeys,
  escapeSegment,
  isWellFormed,
} from '../../src/core/keys.ts'

describe('checkKey', () => {
  test.each(['a', 'a/b', 'a//b', '/a', 'a/', '...', 'a/.b', 'ü/😀', 'a b+c&d%2e', 'é'.repeat(512)])(
    'takes %j',
    (key) => expect(() => checkKey(key)).not.toThrow(),
  )

  test.each([
    '',
    '.',
    '..',
    'a/../b',
    './a',
    'a/.',
    '\ud800',
    'a\udc00b',
    'a\nb',
    'a\u0000',
    '\u007f',
    'é'.repeat(513),
    '😀'.repeat(257),
  ])('refuses %j', (key) => {
    expect(() => checkKey(key)).toThrowError(expect.objectContaining({ code: 'invalid-key' }))
  })
})

test('a prefix may be empty and may end within a segment', () => {
  for (const prefix of ['', 'a/.', 'a/..', '.']) expect(() => checkPrefix(prefix)).not.toThrow()
  for (const prefix of ['a/../', './x', '\ud800']) {
    expect(() => checkPrefix(prefix)).toThrowError(expect.objectContaining({ code: 'invalid-key' }))
  }
})

const wellFormed = fc.string({ unit: 'binary' })

test('keys are ordered as their bytes are', () => {
  fc.assert(
    fc.property(wellFormed, wellFormed, (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(utf8(a), utf8(b)))
    }),
  )
  // Where UTF-16 order differs.
  expect(compareKeys('\uffff', '😀')).toBeLessThan(0)
})

test('lone surrogates are found, also where the platform has no method for it', () => {
  const platform = Object.getOwnPropertyDescriptor(String.prototype, 'isWellFormed')
  try {
    for (const method of [platform, undefined]) {
      if (!method) Reflect.deleteProperty(String.prototype, 'isWellFormed')
      for (const text of ['', 'a', 'ü', '\uffff', '😀']) expect(isWellFormed(text)).toBe(true)
      for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800'])
        expect(isWellFormed(text)).toBe(false)
    }
  } finally {
    if (platform) Object.defineProperty(String.prototype, 'isWellFormed', platform)
  }
})

test('utf8Length counts what utf8 gives', () => {
  fc.assert(
    fc.property(wellFormed, (text) => {
      expect(utf8Length(text)).toBe(utf8(text).byteLength)
    }),
  )
})

describe('escapeSegment', () => {
  test('leaves readable text alone and escapes the rest', () => {
    expect(escapeSegment('DE_2026-11.x~')).toBe('DE_2026-11.x~')
    expect(escapeSegment('a/b=c%d')).toBe('a%2Fb%3Dc%25d')
    expect(escapeSegment('..')).toBe('%2E.')
    expect(escapeSegment('ü')).toBe('%C3%BC')
    expect(escapeSegment('')).toBe('%')
  })

  test('gives one valid segment for any text, and different ones for different texts', () => {
    const any = fc.string({
      unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)),
      maxLength: 20,
    })
    fc.assert(
      fc.property(any, any, (a, b) => {
        const segment = escapeSegment(a)
        expect(() => checkKey(segment)).not.toThrow()
        expect(segment).not.toContain('/')
        expect(escapeSegment(b) === segment).toBe(a === b)
      }),
    )
  })
})
