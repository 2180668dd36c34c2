import { describe, expect, test } from 'vitest'
import { toBase64, utf8 } from '../../../src/core/bytes.ts'
import { crc } from '../../../src/core/crc.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { type Answer, type Ask, begin, completion, gateway } from './tools.ts'

describe('multipart', () => {
  const PART = 'x'.repeat(5 * 1024 ** 2)

  test('parts are told again, by pages, and become the object', async () => {
    const ask = gateway()
    const id = await begin(ask)
    const etags: string[] = []
    for (const [index, body] of ['old', 'tail', PART].entries()) {
      const number = [1, 2, 1][index]
      const put = await ask('PUT', `/bucket/key?partNumber=${number}&uploadId=${id}`, { body })
      etags.push(put.headers.get('etag') ?? '')
    }
    const first = await ask('GET', `/bucket/key?uploadId=${id}&max-parts=1`)
    const rest = await ask('GET', `/bucket/key?uploadId=${id}&part-number-marker=1`)
    const parts = [first, rest].map(({ xml }) => xml?.child('Part'))
    expect(
      parts.map((part) => [part?.text('PartNumber'), part?.text('Size'), part?.text('ETag')]),
    ).toEqual([
      ['1', String(PART.length), etags[2]],
      ['2', '4', etags[1]],
    ])
    expect([first, rest].map(({ xml }) => xml?.text('IsTruncated'))).toEqual(['true', 'false'])
    const body = completion([
      [1, etags[2] as string],
      [2, etags[1] as string],
    ])
    const done = await ask('POST', `/bucket/key?uploadId=${id}`, { body })
    expect(done.xml?.name).toBe('CompleteMultipartUploadResult')
    expect((await ask('GET', '/bucket/key')).text).toBe(`${PART}tail`)
    expect((await ask('POST', `/bucket/key?uploadId=${id}`, { body })).code).toBe('NoSuchUpload')
  })

  test('a checksum of the whole is held against those of the parts', async () => {
    const ask = gateway()
    const sumOf = (text: string): string => {
      const sum = crc('crc32c')
      sum.update(utf8(text))
      return toBase64(sum.digest())
    }
    const id = await begin(ask)
    const etags: [number, string][] = []
    for (const [index, body] of [PART, 'tail'].entries()) {
      const headers = { 'x-amz-checksum-crc32c': sumOf(body) }
      const path = `/bucket/key?partNumber=${index + 1}&uploadId=${id}`
      const put = await ask('PUT', path, { body, headers })
      etags.push([index + 1, put.headers.get('etag') ?? ''])
    }
    const complete = (name: string, value: string, type = 'FULL_OBJECT'): Promise<Answer> =>
      ask('POST', `/bucket/key?uploadId=${id}`, {
        body: completion(etags),
        headers: { [`x-amz-checksum-${name}`]: value, 'x-amz-checksum-type': type },
      })
    const whole = sumOf(`${PART}tail`)
    expect((await complete('crc32c', sumOf('other'))).code).toBe('BadDigest')
    expect((await complete('crc32c', whole, 'COMPOSITE')).code).toBe('NotImplemented')
    // Of these the parts told nothing.
    expect((await complete('crc32', 'AAAAAA==')).code).toBe('NotImplemented')
    expect((await complete('crc32c', whole)).status).toBe(200)
  })

  test.each([
    ['a part that was never sent', [[3, 'E1']], 'InvalidPart'],
    ['another ETag', [[1, '"x"']], 'InvalidPart'],
    [
      'a wrong order',
      [
        [2, 'E2'],
        [1, 'E1'],
      ],
      'InvalidPartOrder',
    ],
    [
      'a part twice',
      [
        [1, 'E1'],
        [1, 'E1'],
      ],
      'InvalidPartOrder',
    ],
    [
      'a small part before the last',
      [
        [1, 'E1'],
        [2, 'E2'],
      ],
      'EntityTooSmall',
    ],
    ['no parts', [], 'MalformedXML'],
  ] as const)('%s does not complete, and the upload stays', async (_, listed, code) => {
    const ask = gateway()
    const id = await begin(ask)
    const etags: Record<string, string> = {}
    for (const n of [1, 2]) {
      const put = await ask('PUT', `/bucket/key?partNumber=${n}&uploadId=${id}`, {
        body: `part${n}`,
      })
      etags[`E${n}`] = put.headers.get('etag') ?? ''
    }
    const body = completion(listed.map(([n, etag]) => [n, etags[etag] ?? etag]))
    expect(await ask('POST', `/bucket/key?uploadId=${id}`, { body })).toMatchObject({
      status: 400,
      code,
    })
    expect((await ask('HEAD', '/bucket/key')).status).toBe(404)
    expect((await ask('GET', `/bucket/key?uploadId=${id}`)).xml?.children('Part')).toHaveLength(2)
  })

  test('completes under a condition, or says which one failed', async () => {
    const ask = gateway()
    const complete = async (headers: object): Promise<Answer> => {
      const id = await begin(ask)
      const put = await ask('PUT', `/bucket/key?partNumber=1&uploadId=${id}`, { body: 'x' })
      const body = completion([[1, put.headers.get('etag') ?? '']])
      return ask('POST', `/bucket/key?uploadId=${id}`, { body, headers })
    }
    expect(await complete({ 'if-match': '"x"' })).toMatchObject({ status: 404, code: 'NoSuchKey' })
    expect((await complete({ 'if-none-match': '*' })).status).toBe(200)
    expect(await complete({ 'if-none-match': '*' })).toMatchObject({ status: 412 })
    expect(await complete({ 'if-match': '"x"' })).toMatchObject({ status: 412 })
  })

  test.each(['0', '10001', 'x', '1.5', ''])('part number %j is refused', async (number) => {
    const ask = gateway()
    const id = await begin(ask)
    const found = await ask('PUT', `/bucket/key?partNumber=${number}&uploadId=${id}`, { body: 'x' })
    expect(found).toMatchObject({ status: 400, code: 'InvalidArgument' })
  })

  test('an upload belongs to its key and is gone after abort', async () => {
    const ask = gateway()
    const id = await begin(ask)
    const gone = { status: 404, code: 'NoSuchUpload' }
    expect(
      await ask('PUT', `/bucket/other?partNumber=1&uploadId=${id}`, { body: 'x' }),
    ).toMatchObject(gone)
    expect((await ask('DELETE', `/bucket/key?uploadId=${id}`)).status).toBe(204)
    expect(
      await ask('PUT', `/bucket/key?partNumber=1&uploadId=${id}`, { body: 'x' }),
    ).toMatchObject(gone)
    expect(await ask('DELETE', `/bucket/key?uploadId=${id}`)).toMatchObject(gone)
  })

  test('open uploads are listed by pages', async () => {
    const ask = gateway()
    for (const key of ['a', 'b', 'b', 'c']) await begin(ask, key)
    const seen: (string | undefined)[] = []
    let after = ''
    for (let n = 0; n < 4; n++) {
      const { xml } = await ask('GET', `/bucket?uploads&max-uploads=1${after}`)
      seen.push(xml?.child('Upload')?.text('Key'))
      after = `&key-marker=${xml?.text('NextKeyMarker')}&upload-id-marker=${xml?.text('NextUploadIdMarker')}`
    }
    expect(seen).toEqual(['a', 'b', 'b', 'c'])
    expect(after).toContain('undefined')
  })

  test('a part may come to one handler and the completion to another', async () => {
    const store = memoryStore()
    const [one, other, third] = [store, store, store].map((bucket) => gateway({ bucket })) as [
      ...[Ask, Ask, Ask],
    ]
    const id = await begin(one)
    const parts: [number, string][] = []
    for (const [number, body] of [PART, 'tail'].entries()) {
      const path = `/bucket/key?partNumber=${number + 1}&uploadId=${id}`
      const put = await [one, other][number]?.('PUT', path, { body })
      parts.push([number + 1, put?.headers.get('etag') ?? ''])
    }
    const path = `/bucket/key?uploadId=${id}`
    const { xml } = await third('GET', path)
    const tags = xml?.children('Part').map((part) => part.text('ETag'))
    expect(tags).toEqual(parts.map(([, etag]) => etag))
    const forged = parts.map(([number, etag]): [number, string] => [
      number,
      etag.replace(/^"./, '"x'),
    ])
    expect((await third('POST', path, { body: completion(forged) })).code).toBe('InvalidPart')
    expect((await third('POST', path, { body: completion(parts) })).status).toBe(200)
    expect((await one('GET', '/bucket/key')).text).toBe(`${PART}tail`)
    expect((await other('DELETE', path)).code).toBe('NoSuchUpload')
  })

  test('where the store cannot tell, the parts are known to the handler that created the upload', async () => {
    const store = memoryStore({ capabilities: { listUploads: false } })
    const [one, other] = [gateway({ bucket: store }), gateway({ bucket: store })]
    const id = await begin(one)
    await one('PUT', `/bucket/key?partNumber=1&uploadId=${id}`, { body: 'x' })
    const path = `/bucket/key?uploadId=${id}`
    expect((await one('GET', path)).xml?.children('Part')).toHaveLength(1)
    expect((await other('GET', path)).code).toBe('NotImplemented')
  })

  test('the size that a client announces for the whole is checked, and a checksum of it refused', async () => {
    const ask = gateway()
    const id = await begin(ask)
    const put = await ask('PUT', `/bucket/key?partNumber=1&uploadId=${id}`, { body: 'x' })
    const body = completion([[1, put.headers.get('etag') ?? '']])
    const complete = (headers: object): Promise<Answer> =>
      ask('POST', `/bucket/key?uploadId=${id}`, { body, headers })
    expect((await complete({ 'x-amz-mp-object-size': '2' })).code).toBe('InvalidRequest')
    expect((await complete({ 'x-amz-checksum-crc32': 'AAAAAA==' })).code).toBe('NotImplemented')
    expect((await complete({ 'x-amz-mp-object-size': '1' })).status).toBe(200)
  })

  test('a store without multipart says so', async () => {
    const ask = gateway({ bucket: memoryStore({ capabilities: { multipart: false } }) })
    expect((await ask('POST', '/bucket/key?uploads')).code).toBe('NotImplemented')
    expect((await ask('GET', '/bucket?uploads')).code).toBe('NotImplemented')
  })
})

describe('copying', () => {
  async function two(): Promise<{ ask: Ask; etag: string }> {
    const ask = gateway({ bucket: memoryStore(), other: memoryStore() })
    const headers = { 'x-amz-meta-a': '1', 'content-type': 'text/x' }
    const put = await ask('PUT', '/bucket/a%20b', { body: '0123456789', headers })
    return { ask, etag: put.headers.get('etag') ?? '' }
  }
  const source = { 'x-amz-copy-source': '/bucket/a%20b' }

  test.each(['/bucket/to', '/other/to'])(
    'to %s takes bytes, headers and metadata along',
    async (path) => {
      const { ask, etag } = await two()
      const copied = await ask('PUT', path, { headers: source })
      expect(copied.xml?.text('ETag')).toBe(etag)
      const { headers, text } = await ask('GET', path)
      expect([text, headers.get('x-amz-meta-a'), headers.get('content-type')]).toEqual([
        '0123456789',
        '1',
        'text/x',
      ])
    },
  )

  test('may replace the metadata', async () => {
    const { ask } = await two()
    const headers = { ...source, 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-b': '2' }
    expect((await ask('PUT', '/bucket/a%20b', { headers })).status).toBe(200)
    const found = await ask('GET', '/bucket/a%20b')
    expect([
      found.text,
      found.headers.get('x-amz-meta-a'),
      found.headers.get('x-amz-meta-b'),
    ]).toEqual(['0123456789', null, '2'])
  })

  test.each([
    ['an absent source', '/bucket/to', { 'x-amz-copy-source': 'bucket/none' }, 'NoSuchKey'],
    ['an absent bucket', '/bucket/to', { 'x-amz-copy-source': 'none/a' }, 'NoSuchBucket'],
    ['no key', '/bucket/to', { 'x-amz-copy-source': '/bucket/' }, 'InvalidArgument'],
    ['itself', '/bucket/a%20b', source, 'InvalidRequest'],
    [
      'a version',
      '/bucket/to',
      { 'x-amz-copy-source': '/bucket/a%20b?versionId=1' },
      'NotImplemented',
    ],
    [
      'a directive nobody knows',
      '/bucket/to',
      { ...source, 'x-amz-metadata-directive': 'MERGE' },
      'InvalidArgument',
    ],
    [
      'a source that has not changed since',
      '/bucket/to',
      { ...source, 'x-amz-copy-source-if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' },
      'PreconditionFailed',
    ],
    [
      'a source that has changed since',
      '/bucket/to',
      { ...source, 'x-amz-copy-source-if-unmodified-since': 'Sat, 01 Jan 2000 00:00:00 GMT' },
      'PreconditionFailed',
    ],
    [
      'no version at all',
      '/bucket/to',
      { ...source, 'x-amz-copy-source-if-none-match': '*' },
      'PreconditionFailed',
    ],
    [
      'a stale source',
      '/bucket/to',
      { ...source, 'x-amz-copy-source-if-match': '"x"' },
      'PreconditionFailed',
    ],
    [
      'a range outside',
      '/bucket/to?partNumber=1&uploadId=ID',
      { ...source, 'x-amz-copy-source-range': 'bytes=5-10' },
      'InvalidArgument',
    ],
    [
      'a range that is none',
      '/bucket/to?partNumber=1&uploadId=ID',
      { ...source, 'x-amz-copy-source-range': 'bytes=5-' },
      'InvalidArgument',
    ],
  ])('%s is refused', async (_, path, headers, code) => {
    const { ask } = await two()
    const id = await begin(ask, 'to')
    expect((await ask('PUT', path.replace('ID', id), { headers })).code).toBe(code)
  })

  test('a range becomes a part', async () => {
    const { ask } = await two()
    const id = await begin(ask, 'to')
    const headers = { ...source, 'x-amz-copy-source-range': 'bytes=2-4' }
    const copied = await ask('PUT', `/bucket/to?partNumber=1&uploadId=${id}`, { headers })
    const body = completion([[1, copied.xml?.text('ETag') ?? '']])
    await ask('POST', `/bucket/to?uploadId=${id}`, { body })
    expect((await ask('GET', '/bucket/to')).text).toBe('234')
  })
})
