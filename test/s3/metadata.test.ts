import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeMetadata,
  encodeMetadata,
  objectHeaders,
  userHeaders,
} from '../../src/s3/metadata.ts'

describe('metadata values', () => {
  test('any text comes back, over a header that trims and folds spaces', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = encodeMetadata(text)
        expect(encoded).toMatch(/^[ -~]*$/)
        expect(decodeMetadata(encoded.trim().replace(/ +/g, ' '))).toBe(text)
      }),
    )
  })

  test('plain ASCII goes as it is', () => {
    for (const text of ['a', 'a b', '0=1&2;3,4', '%C3%BC']) expect(encodeMetadata(text)).toBe(text)
  })

  test('a long text is several words of at most 75 characters', () => {
    const text = 'größer 👩‍🚀 '.repeat(40)
    const words = encodeMetadata(text).split(' ')
    expect(words.length).toBeGreaterThan(5)
    for (const word of words) expect(word.length).toBeLessThanOrEqual(75)
    expect(decodeMetadata(words.join(' '))).toBe(text)
  })

  test.each([
    ['quoted-printable, as AWS may choose', '=?UTF-8?Q?Zo=C3=AB_a?=', 'Zoë a'],
    ['a word amid text', 'x =?utf-8?b?w7w=?= y', 'x ü y'],
    ['two words, the space between them being none', '=?UTF-8?B?w7w=?= =?UTF-8?B?w7w=?=', 'üü'],
    ['UTF-8 that a runtime has read as Latin-1', 'Zo\u00c3\u00ab', 'Zoë'],
    ['Latin-1 that is none', 'Zo\u00eb', 'Zoë'],
    ['another charset', '=?ISO-8859-1?Q?Zo=EB?=', '=?ISO-8859-1?Q?Zo=EB?='],
    ['broken base64', '=?UTF-8?B?w?=', '=?UTF-8?B?w?='],
  ])('reads %s', (_, value, text) => {
    expect(decodeMetadata(value)).toBe(text)
  })

  test('the mark of a write is not the user’s', () => {
    const headers = new Headers({
      'x-amz-meta-a': '1',
      'x-amz-meta-sluice-write': '2',
      etag: '"x"',
    })
    expect(userHeaders(headers).metadata).toEqual({ a: '1' })
  })

  test('the user’s own metadata of that name comes back, beside the mark', () => {
    const metadata = { 'sluice-write': 'a', 'sluice-write-': 'b', 'sluice-write--': 'c' }
    for (const nonce of [undefined, 'nonce']) {
      const sent = Object.entries(objectHeaders({ metadata }, nonce))
      const headers = new Headers(sent.filter((entry): entry is [string, string] => !!entry[1]))
      expect(headers.get('x-amz-meta-sluice-write')).toBe(nonce ?? null)
      expect(userHeaders(headers).metadata).toEqual(metadata)
    }
  })

  test('a standard header that is empty says nothing', () => {
    const headers = new Headers({ 'content-type': '', 'cache-control': '', 'x-amz-meta-a': '' })
    expect(userHeaders(headers)).toEqual({ metadata: { a: '' } })
  })
})
