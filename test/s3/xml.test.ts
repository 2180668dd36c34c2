import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitsXml, parseXml, writeXml } from '../../src/s3/xml.ts'

const LISTING =
  '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n' +
  '<Contents><Key> a&amp;b&#13;&lt;c </Key><Size>1</Size></Contents>\n<Contents><Key/></Contents></ListBucketResult>'

describe('parseXml', () => {
  test('keeps white space, decodes each reference once, and finds repeated elements', () => {
    const root = parseXml(LISTING)
    expect(root?.name).toBe('ListBucketResult')
    expect(root?.children('Contents').map((item) => item.text('Key'))).toEqual([' a&b\r<c ', ''])
    expect(root?.child('Contents')?.text('Size')).toBe('1')
    expect(root?.text('Absent')).toBeUndefined()
    expect(parseXml('<A><B>&amp;lt;&#x1F600;</B></A>')?.text('B')).toBe('&lt;😀')
    expect(parseXml('<A><B>&#x1;</B></A>')?.text('B')).toBe('\u0001')
  })

  test('takes no prefix of a document for the document', () => {
    for (let length = 0; length < LISTING.length; length++) {
      expect(parseXml(LISTING.slice(0, length)), LISTING.slice(0, length)).toBeUndefined()
    }
  })

  test.each([
    ['text', 'garbage'],
    ['two roots', '<A></A><A></A>'],
    ['a tail', '<A></A>tail'],
    ['crossed tags', '<A><B></A></B>'],
    ['a web page cut short', '<!DOCTYPE html><html><body>502'],
    ['nesting without end', '<A>'.repeat(100_000)],
  ])('gives undefined for %s', (_, text) => {
    expect(parseXml(text)).toBeUndefined()
  })

  test('takes white space around the document', () => {
    expect(parseXml('\n  <A/>\n')?.name).toBe('A')
    expect(parseXml('<?xml version="1.0"?>\n  \n<A></A>\n')?.name).toBe('A')
  })
})

test('what is written is read back, any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const document = writeXml('Delete', [
        ['Object', [['Key', text]]],
        ['Absent', undefined],
      ])
      expect(parseXml(document)?.child('Object')?.text('Key')).toBe(text)
      expect(document).not.toContain('Absent')
    }),
  )
})

test('fitsXml tells what XML 1.0 can carry', () => {
  for (const text of ['a/b', 'ü😀', '<&>', '\u0085\u2028', '\t\r\n'])
    expect(fitsXml(text)).toBe(true)
  for (const text of ['\u0000', '\u001f', '\ufffe', 'a\uffff', '\ud800']) {
    expect(fitsXml(text), JSON.stringify(text)).toBe(false)
  }
})
