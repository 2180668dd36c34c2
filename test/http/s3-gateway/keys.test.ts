import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/core/bytes.ts'
import { sha256Hex } from '../../../src/core/hash.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { type Answer, type Ask, gateway } from './tools.ts'

describe('listing', () => {
  async function filled(): Promise<Ask> {
    const store = memoryStore()
    for (const key of ['a', 'b/1', 'b/2', 'c +&', 'd/1', 'e']) await store.put(key, utf8(key))
    return gateway({ bucket: store })
  }

  function namesOf({ xml }: Answer): unknown[] {
    const keys = xml?.children('Contents').map((item) => item.text('Key')) ?? []
    const prefixes = xml?.children('CommonPrefixes').map((item) => item.text('Prefix')) ?? []
    return [...keys, ...prefixes]
  }

  test.each([1, 2, 3, 4, 1000])('pages of %i fold each prefix once', async (size) => {
    const ask = await filled()
    const names: unknown[] = []
    let token: string | undefined
    do {
      const after = token ? `&continuation-token=${token}` : ''
      const page = await ask('GET', `/bucket?list-type=2&delimiter=/&max-keys=${size}${after}`)
      expect(page.xml?.text('KeyCount')).toBe(String(namesOf(page).length))
      names.push(...namesOf(page))
      token = page.xml?.text('NextContinuationToken')
      expect(page.xml?.text('IsTruncated')).toBe(String(token !== undefined))
    } while (token)
    expect(names.sort()).toEqual(['a', 'b/', 'c +&', 'd/', 'e'])
  })

  test.each([1, 2, 3, 4, 1000])('pages of %i, the first way', async (size) => {
    const ask = await filled()
    const names: unknown[] = []
    let marker: string | undefined = ''
    do {
      const after: string = `&marker=${encodeURIComponent(marker)}`
      const page = await ask('GET', `/bucket?delimiter=/&max-keys=${size}${after}`)
      names.push(...namesOf(page))
      marker = page.xml?.text('NextMarker')
      expect(page.xml?.text('IsTruncated')).toBe(String(marker !== undefined))
    } while (marker !== undefined)
    expect(names.sort()).toEqual(['a', 'b/', 'c +&', 'd/', 'e'])
  })

  test('names are encoded on demand', async () => {
    const ask = await filled()
    const plain = await ask('GET', '/bucket?list-type=2&prefix=c')
    expect(namesOf(plain)).toEqual(['c +&'])
    expect(plain.xml?.text('EncodingType')).toBeUndefined()
    const encoded = await ask('GET', '/bucket?list-type=2&prefix=c&encoding-type=url')
    expect(namesOf(encoded)).toEqual(['c+%2B%26'])
    expect(encoded.xml?.text('EncodingType')).toBe('url')
  })

  test.each(['max-keys=x', 'max-keys=-1', 'continuation-token=%25', 'encoding-type=x'])(
    '%s is refused',
    async (parameter) => {
      const found = await (await filled())('GET', `/bucket?list-type=2&${parameter}`)
      expect(found).toMatchObject({ status: 400, code: 'InvalidArgument' })
    },
  )
})

describe('deleting many', () => {
  async function post(ask: Ask, body: string, headers: object = {}): Promise<Answer> {
    const digest = Buffer.from(await sha256Hex(utf8(body)), 'hex').toString('base64')
    return ask('POST', '/bucket?delete', {
      body,
      headers: { 'x-amz-checksum-sha256': digest, ...headers },
    })
  }

  test('says what was deleted and what was not', async () => {
    const ask = gateway()
    await ask('PUT', '/bucket/a%20%26', { body: 'x' })
    const body =
      '<Delete><Object><Key>a &amp;</Key></Object><Object><Key>absent</Key></Object><Object><Key>a/../b</Key></Object></Delete>'
    const { xml } = await post(ask, body)
    expect(xml?.children('Deleted').map((item) => item.text('Key'))).toEqual(['a &', 'absent'])
    expect(xml?.children('Error').map((item) => [item.text('Key'), item.text('Code')])).toEqual([
      ['a/../b', 'InvalidArgument'],
    ])
    expect((await ask('HEAD', '/bucket/a%20%26')).status).toBe(404)
    const quiet = await post(ask, body.replace('<Delete>', '<Delete><Quiet>true</Quiet>'))
    expect(quiet.xml?.children('Deleted')).toEqual([])
  })

  test.each([
    ['no document', 'x'],
    ['half a document', '<Delete><Object><Key>a</Key></Object>'],
    ['no objects', '<Delete></Delete>'],
    ['1,001 objects', `<Delete>${'<Object><Key>a</Key></Object>'.repeat(1001)}</Delete>`],
  ])('%s is refused', async (_, body) => {
    expect(await post(gateway(), body)).toMatchObject({ status: 400, code: 'MalformedXML' })
  })

  test('a version or a condition of one key is refused, and the others are deleted', async () => {
    const ask = gateway()
    for (const key of ['a', 'b', 'c']) await ask('PUT', `/bucket/${key}`, { body: 'x' })
    const { xml } = await post(
      ask,
      '<Delete><Object><Key>a</Key><VersionId>1</VersionId></Object><Object><Key>b</Key><ETag>"x"</ETag></Object><Object><Key>c</Key></Object></Delete>',
    )
    expect(xml?.children('Error').map((item) => item.text('Code'))).toEqual([
      ...['NotImplemented', 'NotImplemented'],
    ])
    const statuses = ['a', 'b', 'c'].map(
      async (key) => (await ask('HEAD', `/bucket/${key}`)).status,
    )
    expect(await Promise.all(statuses)).toEqual([200, 200, 404])
  })

  test('a body without a checksum is refused', async () => {
    const found = await post(gateway(), '<Delete/>', { 'x-amz-checksum-sha256': undefined })
    expect(found.code).toBe('InvalidRequest')
  })
})
