import {
  abortAllDurableObjects,
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Refused, Row } from '../../src/contracts/index.ts'
import { utf8 } from '../../src/core/bytes.ts'
import { requestStream } from '../../src/workers/request-codec.ts'
import { Shard, type ShardEnvironment } from '../../src/workers/shard.ts'
import {
  type Answer,
  environment,
  flush,
  keysOf,
  parquetRows,
  post,
  receipt,
  send,
  shardOf,
  TOKEN,
  textOf,
  write,
} from './tools.ts'

afterEach(async () => {
  vi.useRealTimers()
  await reset()
})

const STREAM = 'flights'
const RECORDS = `/v1/streams/${STREAM}/records`
const rowsOf = (count: number, from = 0): Row[] =>
  Array.from({ length: count }, (_, index) => ({ n: from + index, name: `row ${from + index}` }))

const AGE_MS = 300_000

/** Moves the Worker's wall clock; everything else runs in its own time. */
function later(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
}

/** What came of a call to the object itself. */
function outcome(stream: ReadableStream): Promise<{ value?: unknown; error?: { code: string } }> {
  return new Response(stream).json()
}

describe('the way of a record', () => {
  test('write, flush, read back from the bucket', async () => {
    const rows = rowsOf(5000)
    const answer = await write(STREAM, rows)
    expect(answer).toMatchObject({ accepted: 5000, rejected: [], duplicate: false })
    expect(await receipt(STREAM, answer)).toEqual({ state: 'pending', records: 0, files: [] })
    expect(await keysOf('')).toEqual([])
    const { files } = await flush(STREAM)
    expect(files).toMatchObject([{ records: 5000 }])
    expect(await parquetRows(STREAM)).toEqual(rows)
    expect(await receipt(STREAM, answer)).toMatchObject({ state: 'committed', records: 5000 })
  })

  test('a receipt’s link opens the file', async () => {
    await write(STREAM, rowsOf(3))
    const { files } = await flush(STREAM)
    const response = await send(files[0]?.url ?? '', { headers: { authorization: 'none' } })
    expect(response.status).toBe(200)
    expect(new Uint8Array(await response.arrayBuffer()).subarray(0, 4)).toEqual(
      new TextEncoder().encode('PAR1'),
    )
  })

  test('each stream in its own format', async () => {
    await write('uploads-csv', [{ a: 1, b: 'x,y' }])
    await flush('uploads-csv')
    expect(await textOf((await keysOf('uploads-csv/'))[0])).toBe('a,b\n1,"x,y"\n')
    await write('uploads-jsonl', [{ a: 1 }])
    const { files } = await flush('uploads-jsonl')
    expect(files[0]?.key).toMatch(/\.jsonl\.gz$/)
  })

  test('without a flush, the alarm cuts the file when its first record is old enough', async () => {
    const answer = await write(STREAM, rowsOf(10))
    later(AGE_MS - 1000)
    await write(STREAM, rowsOf(10, 10))
    expect(await runDurableObjectAlarm(shardOf(STREAM))).toBe(true)
    expect(await keysOf('')).toEqual([])
    later(1001)
    expect(await runDurableObjectAlarm(shardOf(STREAM))).toBe(true)
    expect(await receipt(STREAM, answer, 10_000)).toMatchObject({ state: 'committed', records: 10 })
    expect(await parquetRows(STREAM)).toEqual(rowsOf(20))
  })

  test('an alarm is set as long as there is something to do, and none after that', async () => {
    const alarm = () => runInDurableObject(shardOf(STREAM), (_, { storage }) => storage.getAlarm())
    expect(await alarm()).toBeNull()
    const before = Date.now()
    await write(STREAM, rowsOf(1))
    expect((await alarm()) ?? 0).toBeGreaterThanOrEqual(before + AGE_MS)
    await flush(STREAM)
    await runDurableObjectAlarm(shardOf(STREAM))
    expect(await alarm()).toBeNull()
  })

  test('malformed lines go to the dead letters, under the same receipt', async () => {
    const response = await post(RECORDS, '{"a":1}\nnot json\n{"a":3}')
    const answer = (await response.json()) as Awaited<ReturnType<typeof write>>
    expect(answer).toMatchObject({ accepted: 2, rejected: [{ index: 1, code: 'invalid-record' }] })
    await flush(STREAM)
    expect(await receipt(STREAM, answer)).toMatchObject({ state: 'committed', records: 3 })
    const [key] = await keysOf(`${STREAM}/_rejected/`)
    expect(JSON.parse((await textOf(key)) ?? '')).toMatchObject({
      error: 'invalid-record',
      raw: 'not json',
    })
    expect(await parquetRows(STREAM)).toEqual([{ a: 1 }, { a: 3 }])
  })

  test('16 MiB of records in one request', async () => {
    const rows = Array.from({ length: 16_000 }, (_, n) => ({ n, text: 'x'.repeat(1000) }))
    expect(await write('uploads-jsonl', rows)).toMatchObject({ accepted: 16_000 })
    const { files } = await flush('uploads-jsonl')
    expect(files).toMatchObject([{ records: 16_000 }])
  })
})

describe('crashes', () => {
  /** Ends the object the soft way, or the hard way. */
  const ends: [string, () => Promise<void>][] = [
    ['evicted', () => evictDurableObject(shardOf(STREAM))],
    ['killed', () => abortAllDurableObjects()],
  ]

  test.each(ends)(
    'what was acknowledged before the object was %s is in one file after',
    async (_, end) => {
      const answer = await write(STREAM, rowsOf(100))
      await end()
      await write(STREAM, rowsOf(50, 100))
      await end()
      await flush(STREAM)
      expect(await receipt(STREAM, answer)).toMatchObject({ state: 'committed', records: 100 })
      expect(await parquetRows(STREAM)).toEqual(rowsOf(150))
    },
  )

  test.each(ends)(
    'records of an object that was %s are filed by its alarm, without another request',
    async (_, end) => {
      const answer = await write(STREAM, rowsOf(100))
      await end()
      later(AGE_MS + 1)
      expect(await runDurableObjectAlarm(shardOf(STREAM))).toBe(true)
      expect(await receipt(STREAM, answer, 10_000)).toMatchObject({ state: 'committed' })
      expect(await parquetRows(STREAM)).toEqual(rowsOf(100))
    },
  )

  test('a file that was sealed and not published is published by the next life, once, under its key', async () => {
    const answer = await write(STREAM, rowsOf(100))
    const before = await runInDurableObject(shardOf(STREAM), (_, { storage }) => {
      // As a life that ended between the seal and the upload left it.
      storage.sql.exec(
        `INSERT INTO files (id, lane, first, next, key, reason, sealed_at, row_bytes, encoding)
         SELECT 'the-id', id, 0, 60, 'flights/the-key.parquet', 'age', ?, 60, encoding FROM lanes`,
        Date.now(),
      )
      storage.sql.exec('UPDATE lanes SET open = 60')
      return storage.getAlarm()
    })
    expect(before).not.toBeNull()
    await abortAllDurableObjects()
    await runDurableObjectAlarm(shardOf(STREAM))
    await flush(STREAM)
    expect(await receipt(STREAM, answer)).toMatchObject({ state: 'committed', records: 100 })
    expect(await keysOf(STREAM)).toContain('flights/the-key.parquet')
    expect((await parquetRows(STREAM)).sort((a, b) => Number(a.n) - Number(b.n))).toEqual(
      rowsOf(100),
    )
  })

  test('a request that is sent again after a crash is not kept again', async () => {
    const step = { 'producer-id': 'p', 'producer-epoch': '0', 'producer-seq': '0' }
    const first = await write(STREAM, rowsOf(10), step)
    await abortAllDurableObjects()
    expect(await write(STREAM, rowsOf(10), step)).toEqual({ ...first, duplicate: true })
    await flush(STREAM)
    expect(await parquetRows(STREAM)).toEqual(rowsOf(10))
  })
})

describe('STREAMS edited and deployed', () => {
  /** What wrangler.toml names as parquet was something else before. */
  const asJsonl = { STREAMS: { [STREAM]: { format: 'jsonl' } } }
  const asCsvGz = { STREAMS: { [STREAM]: { format: 'csv', gzip: true, partition: ['p'] } } }
  const down: ShardEnvironment['BUCKET'] = new Proxy(env.BUCKET, {
    get: () => () => Promise.reject(new Error('put: We encountered an internal error (10001)')),
  })

  /** A life of the object under these settings; the next one, under those of wrangler.toml, finds what it left. */
  async function life(
    settings: Partial<ShardEnvironment>,
    run: (shard: Shard) => Promise<void>,
  ): Promise<void> {
    await runInDurableObject(shardOf(STREAM), (_, ctx) =>
      run(new Shard(ctx, { ...environment, ...settings })),
    )
    await abortAllDurableObjects()
  }

  const request = (rows: Row[], refused: readonly Refused[] = []) =>
    requestStream({ rows, refused })
  const broken: Refused = { index: 1, code: 'invalid-record', path: '', message: 'no', raw: '{' }

  test('open records are published as what they were taken for, and those after them as the new', async () => {
    await life(asJsonl, async (shard) => {
      // No row of any Parquet file.
      const taken = await shard.write(STREAM, request([{}]))
      expect(await outcome(taken)).toMatchObject({ value: { accepted: 1 } })
    })
    await life(asCsvGz, async (shard) => {
      const taken = await shard.write(STREAM, request([{ p: 1, n: 'é' }]))
      expect(await outcome(taken)).toMatchObject({ value: { accepted: 1 } })
    })
    const answer = await write(STREAM, rowsOf(3))
    await flush(STREAM)
    expect(await receipt(STREAM, answer)).toMatchObject({ state: 'committed', records: 3 })
    const keys = await keysOf('')
    const only = (extension: string) => keys.find((key) => key.endsWith(extension))
    expect(await parquetRows(STREAM)).toEqual(rowsOf(3))
    expect(await textOf(only('.jsonl'))).toBe('{}\n')
    expect(await unpacked(only('.csv.gz'))).toBe('p,n\n1,é\n')
    expect(keys.length).toBe(3)
  })

  test('sealed files are written as their keys say', async () => {
    for (const settings of [asJsonl, asCsvGz]) {
      await life({ ...settings, BUCKET: down }, async (shard) => {
        await shard.write(STREAM, request([{ p: 1 }], [broken]))
        const flushed = await outcome(await shard.flush(STREAM, undefined))
        expect(flushed).toMatchObject({ error: { code: 'unavailable' } })
      })
    }
    expect(await keysOf('')).toEqual([])
    await flush(STREAM)
    const texts: Record<string, unknown> = {}
    for (const key of await keysOf('')) {
      const text = await (key.endsWith('.gz') ? unpacked(key) : textOf(key))
      texts[key] = key.includes('_rejected') ? JSON.parse(text ?? '').raw : text
    }
    const range = (from: number) =>
      [from, from + 1].map((n) => String(n).padStart(19, '0')).join('-')
    expect(texts).toEqual({
      [`flights/0-auto-${range(0)}.jsonl`]: '{"p":1}\n',
      [`flights/p=1/0-auto-${range(0)}.csv.gz`]: 'p\n1\n',
      [`flights/_rejected/0-rejected-${range(0)}.jsonl`]: '{',
      [`flights/_rejected/0-rejected-${range(1)}.jsonl`]: '{',
    })
    const type = (await env.BUCKET.head(`flights/0-auto-${range(0)}.jsonl`))?.httpMetadata
    expect(type?.contentType).toBe('application/x-ndjson')
  })
})

async function unpacked(key = ''): Promise<string> {
  const packed = (await env.BUCKET.get(key))?.body.pipeThrough(new DecompressionStream('gzip'))
  return new Response(packed).text()
}

describe('many writes at once', () => {
  const request = (n: number) => requestStream({ rows: [{ n }], refused: [] })

  test('are read one at a time: those that wait are not in the memory of the object', async () => {
    const stub = shardOf(STREAM)
    await write(STREAM, rowsOf(1))
    await runInDurableObject(stub, async (shard) => {
      let finish = () => {}
      const first = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (controller) => {
          finish = () => controller.close()
          controller.enqueue(utf8('{"refused":[]}\n'))
        },
      })
      let pulls = 0
      const counted = new ReadableStream<Uint8Array<ArrayBuffer>>(
        {
          pull(controller) {
            pulls++
            controller.enqueue(utf8('{"refused":[]}'))
            controller.close()
          },
        },
        { highWaterMark: 0 },
      )
      const writes = [shard.write(STREAM, first), shard.write(STREAM, counted)]
      await shard.receipt(STREAM, 'W10', 0)
      expect(pulls).toBe(0)
      finish()
      await Promise.all(writes)
      expect(pulls).toBe(1)
    })
  })

  test('all of them arrive; where too many wait, they are told so', async () => {
    await write(STREAM, rowsOf(1))
    const codes = await runInDurableObject(shardOf(STREAM), async (shard) => {
      const answers = Array.from({ length: 100 }, async (_, n) => {
        const { error } = await outcome(await shard.write(STREAM, request(n)))
        return error?.code ?? 'kept'
      })
      return Promise.all(answers)
    })
    const kept = codes.filter((code) => code === 'kept').length
    expect(new Set(codes)).toEqual(new Set(['kept', 'slow-down']))
    expect(kept).toBe(64)
    await flush(STREAM)
    expect((await parquetRows(STREAM)).length).toBe(1 + kept)
  })
})

describe('bad input', () => {
  const ndjson = 'application/x-ndjson'
  test.each<[string, number, string, BodyInit, Record<string, string>]>([
    ['no token', 401, RECORDS, '{}', { authorization: 'none' }],
    ['a token nobody gave out', 401, RECORDS, '{}', { authorization: 'Bearer guess' }],
    ['an unknown stream', 404, '/v1/streams/none/records', '{}', {}],
    ['a broken array', 400, RECORDS, '[{}', { 'content-type': 'application/json' }],
    ['bytes that are not UTF-8', 400, RECORDS, new Uint8Array([0xff]), {}],
    ['what is not gzip', 400, RECORDS, '{}', { 'content-encoding': 'gzip' }],
    ['another type', 415, RECORDS, '{}', { 'content-type': 'text/plain' }],
    ['too much', 413, RECORDS, `{"a":"${'x'.repeat(17 * 1024 * 1024)}"}`, {}],
  ])('%s', async (_, status, path, body, headers) => {
    const response = await post(path, body, { 'content-type': ndjson, ...headers })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(((await response.json()) as { status: number }).status).toBe(status)
    await flush(STREAM)
    expect(await keysOf('')).toEqual([])
  })

  test('too much, seen only by unpacking', async () => {
    const zeros = new Blob([new Uint8Array(32 * 1024 * 1024)])
      .stream()
      .pipeThrough(new CompressionStream('gzip'))
    const body = await new Response(zeros).arrayBuffer()
    expect((await post(RECORDS, body, { 'content-encoding': 'gzip' })).status).toBe(413)
  })

  test('gzip that breaks off', async () => {
    const packed = new Blob(['{"a":1}\n'.repeat(1000)])
      .stream()
      .pipeThrough(new CompressionStream('gzip'))
    const body = (await new Response(packed).arrayBuffer()).slice(0, -5)
    expect((await post(RECORDS, body, { 'content-encoding': 'gzip' })).status).toBe(400)
  })

  test('records that take far more memory than their text', async () => {
    const record = `{"a":[${'0.5,'.repeat(100_000)}0.5]}\n`
    const body = record.repeat(Math.floor((16 * 1024 * 1024) / record.length))
    const response = await post(RECORDS, body)
    expect(response.status).toBe(413)
    await flush(STREAM)
    expect(await keysOf('')).toEqual([])
    expect((await post(RECORDS, record)).status).toBe(200)
  })

  test('gzip is unpacked as it is read: a bomb is left alone when it has shown itself', async () => {
    const mebibyte = new Uint8Array(1024 * 1024).fill(0x20)
    let made = 0
    const bomb = new Uint8Array(
      await new Response(
        new ReadableStream<Uint8Array>({
          pull: (controller) => (made++ < 64 ? controller.enqueue(mebibyte) : controller.close()),
        }).pipeThrough(new CompressionStream('gzip')),
      ).arrayBuffer(),
    )
    let taken = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          controller.enqueue(bomb.subarray(taken, taken + 1024))
          taken += 1024
          if (taken >= bomb.byteLength) controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    expect((await post(RECORDS, body, { 'content-encoding': 'gzip' })).status).toBe(413)
    // 16 MiB of it, and the piece in which the bound was passed.
    expect(taken / bomb.byteLength).toBeLessThan(24 / 64)
  })

  test.each([64, 65])('a record of %i levels is judged, not failed', async (levels) => {
    const nested = (inner: string) => '{"a":'.repeat(levels) + inner + '}'.repeat(levels)
    const response = await post(
      '/v1/streams/uploads-jsonl/records',
      `${nested('1')}\n${nested('-0')}`,
    )
    const { accepted, rejected } = (await response.json()) as Answer
    expect([response.status, accepted, rejected.length]).toEqual(
      levels === 64 ? [200, 2, 0] : [200, 0, 2],
    )
  })

  test('an answer of any size comes back, and counts for a repetition too', async () => {
    const bad = `{"${'k'.repeat(101)}":"\\ud800"}`
    const good = ['{"n":1}', '{"n":2}']
    const body = [...good, ...Array.from({ length: 80_000 }, () => bad)].join('\n')
    const step = { 'producer-id': 'p', 'producer-epoch': '0', 'producer-seq': '0' }
    for (const duplicate of [false, true]) {
      const response = await post('/v1/streams/uploads-jsonl/records', body, step)
      expect(response.status).toBe(200)
      const answer = (await response.json()) as Answer
      expect([answer.accepted, answer.rejected.length, answer.duplicate]).toEqual([
        2,
        80_000,
        duplicate,
      ])
    }
    const bytes = await runInDurableObject(shardOf('uploads-jsonl'), (_, { storage }) =>
      storage.sql.exec('SELECT sum(length(answer)) AS bytes FROM producers').one(),
    )
    expect(bytes.bytes).toBeLessThan(10 * 1024 * 1024)
  })

  test('a conflict keeps its code through the remote call', async () => {
    const step = { 'producer-id': 'p', 'producer-epoch': '0', 'producer-seq': '5' }
    const response = await post(RECORDS, '{}', step)
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({
      code: 'conflict',
      producerId: 'p',
      expectedSeq: 0,
    })
  })

  test('what the shard itself cannot do is no fault of the request', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    await write(STREAM, rowsOf(1))
    await runInDurableObject(shardOf(STREAM), (_, { storage }) => {
      // As another owner leaves it.
      storage.sql.exec('UPDATE meta SET epoch = epoch + 1')
    })
    const response = await post(RECORDS, '{}')
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'unavailable' })
    expect(log).toHaveBeenCalled()
    log.mockRestore()
  })
})

describe('configuration', () => {
  test('without TOKENS nobody gets in', async () => {
    const { TOKENS: _, ...open } = environment
    expect((await send('/v1/streams', {}, open)).status).toBe(401)
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['no STREAMS', { STREAMS: undefined }, 'STREAMS is not set'],
    ['STREAMS that is not JSON', { STREAMS: '{' }, 'STREAMS is not JSON'],
    ['an unknown format', { STREAMS: { a: { format: 'xml' } } }, 'STREAMS.a.format'],
    [
      'an unknown option',
      { STREAMS: { a: { format: 'csv', rotation: {} } } },
      'STREAMS.a.rotation',
    ],
    [
      'an unknown limit',
      { STREAMS: { a: { format: 'csv', rotate: { seconds: 1 } } } },
      'STREAMS.a: there is no option "rotate.seconds"',
    ],
    [
      'a limit of part of a record',
      { STREAMS: { a: { format: 'csv', rotate: { records: 2.5 } } } },
      'STREAMS.a: rotate.records',
    ],
    [
      'a limit that is none',
      { STREAMS: { a: { format: 'csv', rotate: { ageMs: '1' } } } },
      'STREAMS.a: rotate.ageMs',
    ],
    ['gzip in Parquet', { STREAMS: { a: { format: 'parquet', gzip: true } } }, 'STREAMS.a.gzip'],
    ['a name that is a path', { STREAMS: { 'a/b': { format: 'csv' } } }, 'STREAMS.a/b'],
    ['TOKENS that is not JSON', { TOKENS: `[${TOKEN}` }, 'TOKENS is not JSON'],
    [
      'a token in place of its hash',
      { TOKENS: JSON.stringify([{ sha256: TOKEN, streams: ['*'], scopes: [] }]) },
      'TOKENS[0].sha256',
    ],
    [
      'an unknown scope',
      { TOKENS: JSON.stringify([{ sha256: 'ab'.repeat(32), streams: ['*'], scopes: ['admin'] }]) },
      'TOKENS[0].scopes',
    ],
    ['a short link secret', { LINK_SECRET: 'short' }, 'LINK_SECRET'],
    [
      'one token twice',
      {
        TOKENS: JSON.stringify([
          { sha256: 'ab'.repeat(32), streams: ['a'], scopes: ['read'] },
          { sha256: 'AB'.repeat(32), streams: ['b'], scopes: ['write'] },
        ]),
      },
      'rules 0 and 1',
    ],
  ])('%s is named, and nothing is taken', async (_, change, named) => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {})
    const response = await send('/v1/streams', {}, { ...environment, ...change })
    const { detail } = (await response.json()) as { detail: string }
    expect(response.status).toBe(500)
    expect(detail).toContain(named)
    expect(detail).not.toContain(TOKEN)
    expect(told).toHaveBeenCalledOnce()
    expect(JSON.stringify(told.mock.calls)).not.toContain(TOKEN)
    told.mockRestore()
  })

  test('the bindings of wrangler.toml fit', () => {
    expect(Object.keys(env)).toEqual(expect.arrayContaining(['BUCKET', 'SHARD', 'STREAMS']))
  })
})
