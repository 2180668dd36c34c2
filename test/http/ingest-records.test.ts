import { describe, expect, test } from 'vitest'
import { gzip, NDJSON, problemOf, service, storedRows, TOKENS } from './tools.ts'

const RECORDS = '/v1/streams/flights/records'
const JSON_TYPE = { 'content-type': 'application/json' }
const CSV_TYPE = { 'content-type': 'text/csv; charset=utf-8' }

describe('what is taken', () => {
  test.each([
    ['NDJSON', '{"a":1}\n\n{"a":2}\r\n{"a":3}', NDJSON],
    [
      'NDJSON under its other name',
      '{"a":1}\n{"a":2}\n{"a":3}\n',
      { 'content-type': 'application/jsonl' },
    ],
    ['a JSON array', ' [{"a":1},{"a":2},\n{"a":3}] ', JSON_TYPE],
    ['NDJSON with a byte order mark', '\ufeff{"a":1}\n{"a":2}\n{"a":3}', NDJSON],
  ])('%s', async (_, body, headers) => {
    const { post, flights, store } = await service()
    const response = await post(RECORDS, body, headers)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ accepted: 3, rejected: [], duplicate: false })
    await flights.flush()
    expect(await storedRows(store, 'flights/')).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }])
  })

  test('CSV, whose columns are text', async () => {
    const { post, flights, store } = await service()
    const response = await post(RECORDS, 'name,n\r\n"a ""b"", c",1\nd,\n', CSV_TYPE)
    expect(await response.json()).toMatchObject({ accepted: 2, rejected: [] })
    await flights.flush()
    expect(await storedRows(store, 'flights/')).toEqual([
      { name: 'a "b", c', n: '1' },
      { name: 'd', n: null },
    ])
  })

  test('gzip', async () => {
    const { post } = await service()
    const body = await gzip('{"a":1}\n{"a":2}')
    const response = await post(RECORDS, body, { ...NDJSON, 'content-encoding': 'gzip' })
    expect(await response.json()).toMatchObject({ accepted: 2 })
  })

  test('integers beyond 2^53, exactly', async () => {
    const { post, flights, store } = await service()
    await post(RECORDS, '{"n":9007199254740993}')
    await flights.flush()
    for await (const object of store.list({ prefix: 'flights/' })) {
      if (object.kind !== 'object') continue
      expect(await (await store.get(object.key))?.text()).toBe('{"n":9007199254740993}\n')
    }
  })

  test('nothing at all', async () => {
    const { post } = await service()
    expect(await (await post(RECORDS, '')).json()).toMatchObject({ accepted: 0, rejected: [] })
  })
})

describe('verdicts', () => {
  test('malformed lines and records that the format refuses are named by their place; the others are kept', async () => {
    const { post, flights, store } = await service()
    const lines = ['{"a":1}', '{"a":', '[1]', '{"a":4}', '7', '{"a":6}']
    const response = await post(RECORDS, lines.join('\n'))
    expect(response.status).toBe(200)
    const answer = (await response.json()) as {
      accepted: number
      rejected: { index: number; code: string }[]
    }
    expect(answer.accepted).toBe(3)
    expect(answer.rejected.map(({ index, code }) => [index, code])).toEqual([
      [1, 'invalid-record'],
      [2, 'invalid-record'],
      [4, 'invalid-record'],
    ])
    await flights.flush()
    const rows = await storedRows(store, 'flights/')
    expect(rows.filter((row) => 'a' in row)).toEqual([{ a: 1 }, { a: 4 }, { a: 6 }])
    expect(rows.filter((row) => 'raw' in row).map((row) => row.raw)).toEqual(['{"a":', '[1]', '7'])
  })

  test('an element of a JSON array that is no record is rejected, not the array', async () => {
    const { post } = await service()
    const response = await post(RECORDS, '[{"a":1},null,{"a":3}]', JSON_TYPE)
    expect(await response.json()).toMatchObject({
      accepted: 2,
      rejected: [{ index: 1, code: 'invalid-record' }],
    })
  })

  test('a CSV line with too many fields is rejected', async () => {
    const { post } = await service()
    const response = await post(RECORDS, 'a,b\n1,2\n1,2,3\n4,5\n', CSV_TYPE)
    expect(await response.json()).toMatchObject({ accepted: 2, rejected: [{ index: 1 }] })
  })
})

describe('what is said of bad records is bounded', () => {
  const RECORDS_TYPE = { 'content-type': 'application/vnd.sluice.records' }
  interface Answer {
    accepted: number
    rejected: { index: number; code: string; path: string; message: string }[]
  }

  test('a key of many characters, in the answer and in the dead letter', async () => {
    const { post, flights, store } = await service()
    const lines = [
      `{"${'k'.repeat(900_000)}":"\\ud800"}`,
      `{"a":{"${'😀'.repeat(3000)}":"\\ud800"}}`,
    ]
    const text = await (await post(RECORDS, lines.join('\n'))).text()
    expect(text.length).toBeLessThan(2000)
    const { rejected } = JSON.parse(text) as Answer
    expect(rejected.map(({ index, path }) => [index, path])).toEqual([
      [0, ''],
      [1, '/a'],
    ])
    await flights.flush()
    const letters = JSON.stringify(await storedRows(store, 'flights/_rejected/'))
    expect(letters.length).toBeLessThan(150_000)
    expect(letters).not.toContain('\\\\ud83d"')
  })

  test('a problem does not repeat the request', async () => {
    const { post } = await service()
    const name = 'n'.repeat(100_000)
    const response = await post(RECORDS, `${name},${name}\n1,2\n`, CSV_TYPE)
    expect(await response.clone().text()).toMatch(/twice|names the column/)
    expect((await problemOf(response)).detail.length).toBeLessThan(1100)
  })

  test('words of a client that are none of ours are no verdict', async () => {
    const { post } = await service()
    const body = [
      ['no such code', '/a', 'm', 'r'],
      ['constructor', '/a', 'm', 'r'],
      ['too-large', 'nowhere', 'm'.repeat(500_000), 'r'],
      ['too-large', '/a', 'm', 'r'],
    ]
    const lines = body.map((line) => JSON.stringify(line)).join('\n')
    const { rejected } = (await (await post(RECORDS, lines, RECORDS_TYPE)).json()) as Answer
    expect(rejected.map(({ code, path, message }) => [code, path, message.length < 501])).toEqual([
      ['invalid-record', '', true],
      ['invalid-record', '', true],
      ['too-large', '', true],
      ['too-large', '/a', true],
    ])
    expect(rejected[0]?.message).toContain('not a list')
  })

  test('of very many, all are named by index and code, and the dead letters say why', async () => {
    const { post, flights, store } = await service()
    const key = 'k'.repeat(100)
    const body = `{"${key}":"\\ud800"}\n`.repeat(20_000)
    const text = await (await post(RECORDS, body)).text()
    expect(text.length).toBeLessThan(4 * 1024 * 1024)
    const { rejected } = JSON.parse(text) as Answer
    expect(rejected.map(({ index, code }) => `${index} ${code}`)).toEqual(
      Array.from({ length: 20_000 }, (_, index) => `${index} invalid-record`),
    )
    expect(rejected[0]?.path).toBe(`/${key}`)
    expect(rejected[19_999]).toMatchObject({ path: '', message: 'Its dead letter says why' })
    await flights.flush()
    const letters = await storedRows(store, 'flights/_rejected/')
    expect(letters[19_999]?.path).toBe(`/${key}`)
  })
})

describe('records that take far more memory than their text', () => {
  test('CSV of very many columns', async () => {
    const { post } = await service()
    const line = (count: number) =>
      Array.from({ length: count }, (_, n) => n.toString(36)).join(',')
    expect(await problemOf(await post(RECORDS, `${line(10_001)}\n`, CSV_TYPE))).toMatchObject({
      status: 413,
      code: 'too-large',
      detail: expect.stringContaining('10001 columns'),
    })
    expect((await post(RECORDS, `${line(10_000)}\n${line(10_000)}`, CSV_TYPE)).status).toBe(200)
  })

  test.each<[string, string, Record<string, string>]>([
    ['empty lists', `{"a":[${'[],'.repeat(62)}[]]}`, NDJSON],
    ['members', `{${Array.from({ length: 64 }, (_, n) => `"${n}":0`).join()}}`, NDJSON],
    ['fields of CSV', `${'a,b,c,d\n'}${',,,\n'.repeat(16)}`, CSV_TYPE],
  ])('%s: one value for each 16 bytes that a request may have', async (_, body, headers) => {
    for (const [maxBodyBytes, status] of [
      [1024, 200],
      [1023, 413],
    ] as const) {
      const { post, flights, store } = await service({ maxBodyBytes })
      expect((await post(RECORDS, body, headers)).status).toBe(status)
      await flights.flush()
      expect((await storedRows(store, '')).length > 0).toBe(status === 200)
    }
  })
})

describe('bad requests are answered with a problem, and nothing of them is kept', () => {
  const gz = { ...NDJSON, 'content-encoding': 'gzip' }
  test.each<[string, number, string, BodyInit, Record<string, string>]>([
    ['a broken JSON array', 400, 'invalid-record', '[{"a":1},', JSON_TYPE],
    ['an object where an array is due', 400, 'invalid-record', '{"a":1}', JSON_TYPE],
    ['text after the array', 400, 'invalid-record', '[{"a":1}] x', JSON_TYPE],
    [
      'bytes that are not UTF-8',
      400,
      'invalid-record',
      new Uint8Array([0x7b, 0x7d, 0x0a, 0xff]),
      NDJSON,
    ],
    [
      'UTF-8 that breaks off',
      400,
      'invalid-record',
      new Uint8Array([0x7b, 0x7d, 0x0a, 0xc3]),
      NDJSON,
    ],
    ['a body that is not gzip', 400, 'invalid-record', '{"a":1}', gz],
    ['another encoding', 415, 'not-supported', '{"a":1}', { ...NDJSON, 'content-encoding': 'br' }],
    ['another type', 415, 'not-supported', '<a/>', { 'content-type': 'application/xml' }],
    ['no type', 415, 'not-supported', new Uint8Array([1]), {}],
    [
      'another charset',
      415,
      'not-supported',
      '{}',
      { 'content-type': 'application/x-ndjson; charset=latin1' },
    ],
    [
      'a type named like a property of objects',
      415,
      'not-supported',
      '{}',
      { 'content-type': 'constructor' },
    ],
    [
      'half a producer',
      400,
      'invalid-options',
      '{}',
      { ...NDJSON, 'producer-id': 'p', 'producer-seq': '0' },
    ],
    [
      'a negative sequence',
      400,
      'invalid-options',
      '{}',
      { ...NDJSON, 'producer-id': 'p', 'producer-epoch': '0', 'producer-seq': '-1' },
    ],
  ])('%s', async (_, status, code, body, headers) => {
    const { post, flights, store } = await service()
    const response = await post(RECORDS, body, headers)
    expect(response.status).toBe(status)
    expect(await problemOf(response)).toMatchObject({ status, code, type: 'about:blank' })
    await flights.flush()
    expect(await storedRows(store, '')).toEqual([])
  })

  test('gzip that breaks off', async () => {
    const { post, flights, store } = await service()
    const body = await gzip('{"a":1}\n'.repeat(1000))
    expect((await post(RECORDS, body.slice(0, -9), gz)).status).toBe(400)
    await flights.flush()
    expect(await storedRows(store, '')).toEqual([])
  })

  test('too many bytes, also when only unpacking shows it', async () => {
    const { post, flights, store } = await service({ maxBodyBytes: 1000 })
    const body = '{"a":1}\n'.repeat(1000)
    expect(await problemOf(await post(RECORDS, body))).toMatchObject({
      status: 413,
      code: 'too-large',
    })
    const packed = await gzip(body)
    expect(packed.byteLength).toBeLessThan(1000)
    expect((await post(RECORDS, packed, gz)).status).toBe(413)
    await flights.flush()
    expect(await storedRows(store, '')).toEqual([])
  })

  test('unpacking ends as soon as the bound is passed', async () => {
    const { send } = await service({ maxBodyBytes: 1000 })
    let cancelled = false
    const zeros = await gzip('0'.repeat(100_000))
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(zeros)
      },
      cancel() {
        cancelled = true
      },
    })
    const init = { method: 'POST', body: endless, headers: gz, duplex: 'half' } as RequestInit
    expect((await send(RECORDS, init)).status).toBe(413)
    await expect.poll(() => cancelled).toBe(true)
  })

  test('too many records, counting those that cannot be read', async () => {
    const { post } = await service({ maxRecords: 10 })
    expect((await post(RECORDS, '{}\n'.repeat(10))).status).toBe(200)
    expect((await post(RECORDS, '{}\nx\n'.repeat(6))).status).toBe(413)
  })
})

describe('producers', () => {
  const headers = (seq: number, epoch = 0) => ({
    ...NDJSON,
    'producer-id': 'p1',
    'producer-epoch': String(epoch),
    'producer-seq': String(seq),
  })

  test('the same request again is answered the same, as a duplicate, and kept once', async () => {
    const { post, flights, store } = await service()
    const first = (await (await post(RECORDS, '{"a":1}\nx', headers(0))).json()) as object
    const again = (await (await post(RECORDS, '{"a":1}\nx', headers(0))).json()) as object
    expect(first).toMatchObject({ accepted: 1, duplicate: false })
    expect(again).toEqual({ ...first, duplicate: true })
    await flights.flush()
    expect((await storedRows(store, 'flights/')).length).toBe(2)
  })

  test.each([
    ['other records under the same sequence', '{"a":2}', 0, 0, 1],
    ['a gap', '{"a":1}', 2, 0, 1],
    ['a new epoch that does not begin at 0', '{"a":1}', 1, 1, 0],
  ])(
    '%s: a conflict that says where the producer stands',
    async (_, body, seq, epoch, expectedSeq) => {
      const { post, flights, store } = await service()
      await post(RECORDS, '{"a":1}', headers(0))
      const response = await post(RECORDS, body, headers(seq, epoch))
      expect(await problemOf(response)).toMatchObject({
        status: 409,
        code: 'conflict',
        producerId: 'p1',
        expectedSeq,
      })
      await flights.flush()
      expect((await storedRows(store, 'flights/')).length).toBe(1)
    },
  )

  test('a request long past is not kept twice, and the answer says where the producer stands', async () => {
    const { post, flights, store } = await service()
    for (let seq = 0; seq < 40; seq++) await post(RECORDS, `{"a":${seq}}`, headers(seq))
    const recent = await post(RECORDS, '{"a":30}', headers(30))
    expect(await recent.json()).toMatchObject({ accepted: 1, duplicate: true })
    const response = await post(RECORDS, '{"a":0}', headers(0))
    expect(await problemOf(response)).toMatchObject({
      status: 409,
      code: 'already-exists',
      producerId: 'p1',
      expectedSeq: 40,
    })
    await flights.flush()
    expect((await storedRows(store, 'flights/')).length).toBe(40)
  })

  test('an epoch that is over is refused', async () => {
    const { post } = await service()
    await post(RECORDS, '{"a":1}', headers(0, 5))
    const response = await post(RECORDS, '{"a":1}', headers(0, 4))
    expect(await problemOf(response)).toMatchObject({ status: 403, code: 'fenced' })
  })
})

describe('who may', () => {
  test.each<[string, string, string, string | null, number, string]>([
    ['no token', 'POST', RECORDS, null, 401, 'unauthenticated'],
    ['a token nobody gave out', 'POST', RECORDS, 'guess', 401, 'unauthenticated'],
    ['no token, no stream', 'POST', '/v1/streams/none/records', null, 401, 'unauthenticated'],
    ['a token for another stream', 'POST', RECORDS, TOKENS.birds, 403, 'permission-denied'],
    ['a token for reading', 'POST', RECORDS, TOKENS.flightsReader, 403, 'permission-denied'],
    [
      'a token for reading, flushing',
      'POST',
      '/v1/streams/flights/flush',
      TOKENS.flightsReader,
      403,
      'permission-denied',
    ],
    [
      'a stream that is not there',
      'POST',
      '/v1/streams/none/records',
      TOKENS.all,
      404,
      'not-found',
    ],
    [
      'a stream named like a property of objects',
      'POST',
      '/v1/streams/__proto__/records',
      TOKENS.all,
      404,
      'not-found',
    ],
    ['a path that is not there', 'GET', '/v1/nothing', TOKENS.all, 404, 'not-found'],
    [
      'a receipt of another stream',
      'GET',
      '/v1/streams/flights/receipts/W10',
      TOKENS.birds,
      403,
      'permission-denied',
    ],
    [
      'a word that is no receipt',
      'GET',
      '/v1/streams/flights/receipts/nonsense',
      TOKENS.all,
      404,
      'not-found',
    ],
    [
      'a wait that is too long',
      'GET',
      '/v1/streams/flights/receipts/W10?wait=99999',
      TOKENS.all,
      400,
      'invalid-options',
    ],
  ])('%s', async (_, method, path, token, status, code) => {
    const { send } = await service()
    const body = method === 'POST' ? '{"a":1}' : null
    const response = await send(path, { method, body, headers: NDJSON }, token)
    if (status === 401) expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    const text = await response.clone().text()
    if (token) expect(text).not.toContain(token)
    expect(await problemOf(response)).toMatchObject({ status, code })
  })

  test.each([
    ['all', ['flights', 'birds']],
    ['flightsWriter', ['flights']],
    ['flightsReader', []],
    ['birds', ['birds']],
  ] as const)('the streams that %s may write', async (token, names) => {
    const { send } = await service()
    const response = await send('/v1/streams', {}, TOKENS[token])
    expect(await response.json()).toEqual({
      streams: names.map((name) => ({ name, format: 'jsonl' })),
    })
  })

  test('a failure of the server tells nothing of itself, and is told to onError', async () => {
    const told: unknown[] = []
    const { flights, post } = await service({ onError: (error) => told.push(error) })
    flights.write = () => Promise.reject(new Error('the secret inner workings'))
    const response = await post(RECORDS, '{}')
    expect(await response.clone().text()).not.toContain('secret')
    expect((await problemOf(response)).status).toBe(500)
    expect(told).toEqual([new Error('the secret inner workings')])
  })
})
