import { describe, expect, test } from 'vitest'
import { SluiceError } from '../../src/core/errors.ts'
import { fileLinks, filePath, keyOf } from '../../src/http/files.ts'
import { problemOf, type Service, service, TOKENS } from './tools.ts'

const RECORDS = '/v1/streams/flights/records'
const SECRET = 'a secret of at least 32 characters'

interface File {
  key: string
  url: string
  records: number
  bytes: number
}

async function written({ post }: Service): Promise<string> {
  const response = await post(RECORDS, '{"a":1}\n{"a":2}')
  const { receipt } = (await response.json()) as { receipt: { id: string } }
  return `/v1/streams/flights/receipts/${receipt.id}`
}

async function flushed(of: Service, token: string = TOKENS.all): Promise<File> {
  await written(of)
  const response = await of.send('/v1/streams/flights/flush', { method: 'POST' }, token)
  const { files } = (await response.json()) as { files: File[] }
  expect(files.length).toBe(1)
  return files[0] as File
}

describe('receipts', () => {
  test('pending until the file is visible, then committed with the file', async () => {
    const of = await service()
    const path = await written(of)
    expect(await (await of.send(path)).json()).toEqual({ state: 'pending', records: 0, files: [] })
    expect(await (await of.send(`${path}?wait=1`)).json()).toMatchObject({ state: 'pending' })
    await of.flights.flush()
    expect(await (await of.send(path)).json()).toMatchObject({
      state: 'committed',
      records: 2,
      files: [{ records: 2, begin: 0, end: 2, lane: { stream: 'flights' } }],
    })
  })

  test('a question that waits is answered when the file is visible', async () => {
    const of = await service()
    const path = await written(of)
    const [answer] = await Promise.all([of.send(`${path}?wait=30000`), of.flights.flush()])
    expect(await answer.json()).toMatchObject({ state: 'committed', records: 2 })
  })

  test('link to their files for those who may read, and only for them', async () => {
    const of = await service({ linkSecret: SECRET })
    const { url } = await flushed(of)
    expect(url).toContain('signature=')
    const response = await of.send(url, {}, null)
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('{"a":1}\n{"a":2}\n')
    const writer = await flushed(of, TOKENS.flightsWriter)
    expect(writer.url).not.toContain('signature=')
    expect((await of.send(writer.url, {}, TOKENS.flightsWriter)).status).toBe(403)
  })
})

describe('files', () => {
  test('are downloads: type, name, size and no guessing', async () => {
    const of = await service()
    const { url, bytes, key } = await flushed(of, TOKENS.all)
    const response = await of.send(url, {}, TOKENS.flightsReader)
    expect(response.status).toBe(200)
    const name = key.slice(key.lastIndexOf('/') + 1)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-length': String(bytes),
      'content-disposition': `attachment; filename*=UTF-8''${name}`,
      'x-content-type-options': 'nosniff',
    })
    expect(await response.text()).toBe('{"a":1}\n{"a":2}\n')
    const head = await of.send(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(bytes),
      '',
    ])
  })

  test.each([
    ['bytes=2-4', 206, 'bytes 2-4/16', 'a":'],
    ['bytes=8-', 206, 'bytes 8-15/16', '{"a":2}\n'],
    ['bytes=-3', 206, 'bytes 13-15/16', '2}\n'],
    ['bytes=-99', 206, 'bytes 0-15/16', '{"a":1}\n{"a":2}\n'],
    ['bytes=14-99', 206, 'bytes 14-15/16', '}\n'],
    ['bytes=4-2', 200, null, '{"a":1}\n{"a":2}\n'],
    ['bytes=0-1,4-5', 200, null, '{"a":1}\n{"a":2}\n'],
    ['lines=1-2', 200, null, '{"a":1}\n{"a":2}\n'],
  ])('Range: %s', async (range, status, contentRange, text) => {
    const of = await service()
    const { url } = await flushed(of)
    const response = await of.send(url, { headers: { range } })
    expect([response.status, response.headers.get('content-range'), await response.text()]).toEqual(
      [status, contentRange, text],
    )
  })

  test.each(['bytes=16-', 'bytes=99-100', 'bytes=-0'])(
    'Range: %s leads out of the file',
    async (range) => {
      const of = await service()
      const { url } = await flushed(of)
      expect((await of.send(url, { headers: { range } })).status).toBe(416)
    },
  )

  test.each<[string, string, string | null, number]>([
    ['no token', '/v1/files/flights/a.jsonl', null, 401],
    ['a token for another stream', '/v1/files/flights/a.jsonl', TOKENS.birds, 403],
    ['a token for writing', '/v1/files/flights/a.jsonl', TOKENS.flightsWriter, 403],
    ['a way around by dots', '/v1/files/birds/../flights/a.jsonl', TOKENS.birds, 403],
    [
      'a way around by escaped slashes',
      '/v1/files/birds%2F..%2Fflights%2Fa.jsonl',
      TOKENS.birds,
      400,
    ],
    [
      'a stream that begins with the name of another',
      '/v1/files/flights2/a.jsonl',
      TOKENS.flightsReader,
      404,
    ],
    ['what belongs to no stream', '/v1/files/other/a.jsonl', TOKENS.all, 404],
    ['a key without a stream', '/v1/files/flights', TOKENS.all, 404],
    ['no key', '/v1/files/', TOKENS.all, 400],
    ['broken escapes', '/v1/files/flights/%zz', TOKENS.all, 400],
    ['a file that is not there', '/v1/files/flights/none.jsonl', TOKENS.all, 404],
  ])('%s', async (_, path, token, status) => {
    const of = await service()
    for (const key of ['flights/a.jsonl', 'flights2/a.jsonl', 'other/a.jsonl', 'flights']) {
      await of.store.put(key, new Uint8Array([65]))
    }
    expect((await problemOf(await of.send(path, {}, token))).status).toBe(status)
  })

  test('a server without a store gives out none', async () => {
    const of = await service({ store: undefined })
    expect((await of.send('/v1/files/flights/a.jsonl')).status).toBe(404)
  })
})

describe('links', () => {
  const links = fileLinks(SECRET)
  const KEY = 'flights/country=D%2FE/0 1#?.jsonl'
  const NOW = Date.UTC(2026, 10, 21)
  const signed = async (key = KEY) => new URL(await links.sign(key, NOW), 'https://sluice.example')

  test('open their key for an hour', async () => {
    const url = await signed()
    expect(keyOf(url)).toBe(KEY)
    await links.verify(url, KEY, NOW)
    await links.verify(url, KEY, NOW + 3_599_000)
    await expect(links.verify(url, KEY, NOW + 3_600_000)).rejects.toThrow(SluiceError)
  })

  test.each([
    ['another key', (url: URL) => ({ url, key: 'flights/other.jsonl' })],
    [
      'another time',
      (url: URL) => {
        url.searchParams.set('expires', String(Number(url.searchParams.get('expires')) + 1))
        return { url, key: KEY }
      },
    ],
    [
      'no time',
      (url: URL) => {
        url.searchParams.delete('expires')
        return { url, key: KEY }
      },
    ],
    [
      'half a signature',
      (url: URL) => {
        url.searchParams.set('signature', (url.searchParams.get('signature') ?? '').slice(0, 20))
        return { url, key: KEY }
      },
    ],
    [
      'an empty signature',
      (url: URL) => {
        url.searchParams.set('signature', '')
        return { url, key: KEY }
      },
    ],
    [
      'no base64',
      (url: URL) => {
        url.searchParams.set('signature', '***')
        return { url, key: KEY }
      },
    ],
  ])('open nothing with %s', async (_, change) => {
    const { url, key } = change(await signed())
    await expect(links.verify(url, key, NOW)).rejects.toMatchObject({ code: 'permission-denied' })
  })

  test('of another secret open nothing', async () => {
    const other = new URL(await fileLinks(`${SECRET}!`).sign(KEY, NOW), 'https://sluice.example')
    await expect(links.verify(other, KEY, NOW)).rejects.toMatchObject({ code: 'permission-denied' })
  })

  test('an address with a wrong signature is refused whatever token comes with it', async () => {
    const of = await service({ linkSecret: SECRET })
    const { key } = await flushed(of)
    const response = await of.send(`${filePath(key)}?expires=9999999999&signature=AAAA`)
    expect((await problemOf(response)).status).toBe(403)
  })

  test('a short secret is refused', async () => {
    await expect(service({ linkSecret: 'short' })).rejects.toMatchObject({
      code: 'invalid-options',
    })
  })
})
