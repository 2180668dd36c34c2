import { describe, expect, test } from 'vitest'
import { type HttpSinkOptions, httpSink } from '../../src/client/http-sink.ts'
import type { Row } from '../../src/contracts/index.ts'
import type { SinkOptions } from '../../src/sinks/create-sink.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { type Service, service, storedRows, TOKENS } from '../http/tools.ts'

type Fetch = typeof fetch

/** The requests of one test, in the order they were sent. */
interface Sent {
  readonly path: string
  readonly epoch: string | null
  readonly seq: string | null
  readonly body: string
}

interface Connection {
  readonly of: Service
  readonly sent: Sent[]
  readonly sink: ReturnType<typeof httpSink>
}

/** A sink and a service with nothing between them but `on`, which may break what passes. */
async function connect(
  options: Partial<HttpSinkOptions> = {},
  on: (request: Request, pass: () => Promise<Response>, count: number) => Promise<Response> = (
    _,
    pass,
  ) => pass(),
  flights: Partial<SinkOptions> = {},
): Promise<Connection> {
  const of = await service({ linkSecret: 'a secret of at least 32 characters' }, flights)
  const sent: Sent[] = []
  const through = async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input as URL, init)
    const { pathname, search } = new URL(request.url)
    sent.push({
      path: pathname + search,
      epoch: request.headers.get('producer-epoch'),
      seq: request.headers.get('producer-seq'),
      body: await request.clone().text(),
    })
    const { headers, method } = request
    const body = method === 'GET' ? null : await request.clone().text()
    return on(
      request,
      () => of.send(pathname + search, { method, headers, body }, null),
      sent.length,
    )
  }
  const sink = httpSink({
    url: 'https://sluice.example',
    stream: 'flights',
    token: TOKENS.all,
    fetch: through as Fetch,
    retry: { random: () => 0 },
    ...options,
  })
  return { of, sent, sink }
}

const numbered = (count: number): Row[] => Array.from({ length: count }, (_, n) => ({ n }))

describe('httpSink', () => {
  test('records arrive, exactly, and close() tells the files and where they are', async () => {
    const { of, sink } = await connect()
    const rows = [
      { n: 9007199254740993n, d: new Date(0), t: 'é\n"', z: -0 },
      { n: 2, nested: { a: [1] } },
    ]
    const ack = await sink.write(rows)
    expect(ack).toMatchObject({ accepted: 2, rejected: [], duplicate: false })
    expect(await ack.receipt.progress()).toMatchObject({ state: 'pending', records: 0 })
    const result = await sink.close()
    expect(result).toMatchObject({ accepted: 2, rejected: 0, files: [{ records: 2 }] })
    expect(await ack.receipt.committed()).toMatchObject({
      records: 2,
      files: result.files.map(({ key }) => ({ key })),
    })
    const url = new URL(result.files[0]?.url ?? '')
    expect(url.origin).toBe('https://sluice.example')
    const file = await of.send(url.pathname + url.search, {}, null)
    expect(await file.text()).toBe(
      '{"n":9007199254740993,"d":"1970-01-01T00:00:00.000Z","t":"é\\n\\"","z":-0}\n{"n":2,"nested":{"a":[1]}}\n',
    )
  })

  test('a receipt resolves when the file is visible', async () => {
    const { of, sink } = await connect()
    const { receipt } = await sink.write(numbered(3))
    const [committed] = await Promise.all([receipt.committed(), of.flights.flush()])
    expect(committed).toMatchObject({ records: 3, files: [{ records: 3 }] })
  })

  test('a write larger than a request is sent in several, one after the other', async () => {
    let flying = 0
    let most = 0
    const { of, sent, sink } = await connect({ maxBodyBytes: 64 }, async (_, pass) => {
      most = Math.max(most, ++flying)
      const response = await pass()
      flying--
      return response
    })
    const [first, second] = await Promise.all([sink.write(numbered(20)), sink.write(numbered(5))])
    expect([first.accepted, second.accepted, most]).toEqual([20, 5, 1])
    const requests = sent.filter(({ path }) => path.endsWith('/records'))
    expect(requests.length).toBeGreaterThan(2)
    for (const { body } of requests) expect(body.length).toBeLessThanOrEqual(64)
    expect(requests.map(({ seq }) => Number(seq))).toEqual(requests.map((_, index) => index))
    await of.flights.flush()
    expect(await first.receipt.progress()).toMatchObject({ state: 'committed', records: 20 })
    expect(await storedRows(of.store, 'flights/')).toEqual([...numbered(20), ...numbered(5)])
  })

  test('a request holds no more records than its bound', async () => {
    const { sent, sink } = await connect({ maxBodyRecords: 3 })
    await sink.write(numbered(7))
    expect(sent.map(({ body }) => body.trim().split('\n').length)).toEqual([3, 3, 1])
  })

  test('rejections are named by their place in the write, whichever request they were in', async () => {
    const { of, sink } = await connect({ maxBodyRecords: 2, maxBodyBytes: 1000 })
    const rows = [
      { n: 0 },
      { n: Number.NaN },
      [1] as unknown as Row,
      { n: 'x'.repeat(2000) },
      { n: 5 },
    ]
    const raw = '1,2,3\n"4'
    const ack = await sink.write(rows, {
      refused: [{ index: 2, code: 'invalid-record', path: '/b', message: 'three fields', raw }],
    })
    expect(ack.accepted).toBe(2)
    expect(ack.rejected.map(({ index, code, path }) => [index, code, path])).toEqual([
      [1, 'invalid-record', '/n'],
      [2, 'invalid-record', '/b'],
      [3, 'invalid-record', ''],
      [4, 'too-large', ''],
    ])
    await sink.close()
    const letters = (await storedRows(of.store, 'flights/_rejected/')) as { raw: string }[]
    expect(letters.length).toBe(4)
    // The letter says that it has not all of the record.
    expect(letters[0]).toMatchObject({ raw: '{"n":"[NaN]"}', exact: null })
    expect(letters[1]).not.toHaveProperty('exact')
    expect(letters[1]).toMatchObject({
      error: 'invalid-record',
      path: '/b',
      message: 'three fields',
      raw,
    })
  })

  test('an answer that is lost is asked for again, and nothing is kept twice', async () => {
    const { of, sent, sink } = await connect({}, async (_, pass, count) => {
      const response = await pass()
      if (count === 1) throw new TypeError('fetch failed')
      return response
    })
    const ack = await sink.write(numbered(4))
    expect(ack).toMatchObject({ accepted: 4, duplicate: true })
    expect(sent.map(({ seq }) => seq)).toEqual(['0', '0'])
    await sink.write(numbered(1))
    await of.flights.flush()
    expect(await storedRows(of.store, 'flights/')).toEqual([...numbered(4), ...numbered(1)])
  })

  test.each([
    ['429', 429, { 'retry-after': '7' }, 7000],
    ['503', 503, { 'retry-after': '2' }, 2000],
    ['a proxy’s 502', 502, {}, 0],
    ['500', 500, {}, 0],
  ])('%s is waited for', async (_, status, headers, waitMs) => {
    const clock = virtualClock()
    const { sink, sent } = await connect({ clock }, (__, pass, count) =>
      count === 1 ? Promise.resolve(new Response('<html>', { status, headers })) : pass(),
    )
    const before = clock.now()
    const writing = sink.write(numbered(1))
    while (sent.length < 2) await clock.advance(500)
    expect((await writing).accepted).toBe(1)
    expect(clock.now() - before).toBeGreaterThanOrEqual(waitMs)
  })

  test('a server that is away for a minute is waited for; one that stays away is given up', async () => {
    const clock = virtualClock()
    const awayUntil = clock.now() + 60_000
    const away = async (_: Request, pass: () => Promise<Response>) => {
      if (clock.now() < awayUntil) throw new TypeError('fetch failed')
      return pass()
    }
    const { sink } = await connect({ clock, retry: { random: () => 0.99 } }, away)
    const writing = sink.write(numbered(2))
    await clock.advance(70_000)
    expect((await writing).accepted).toBe(2)

    const never = await connect({ clock, retry: { random: () => 0.99 } }, () =>
      Promise.reject(new TypeError('fetch failed')),
    )
    const failing = expect(never.sink.write(numbered(2))).rejects.toMatchObject({ code: 'network' })
    await clock.advance(130_000)
    await failing
  })

  test('a request that was refused leaves its number to the next', async () => {
    let refuse = true
    const { sent, sink } = await connect({}, (_, pass) =>
      refuse
        ? Promise.resolve(Response.json({ code: 'too-large', detail: 'no' }, { status: 413 }))
        : pass(),
    )
    await expect(sink.write(numbered(1))).rejects.toMatchObject({ code: 'too-large', status: 413 })
    refuse = false
    await sink.write(numbered(1))
    expect(sent.map(({ epoch, seq }) => [epoch, seq])).toEqual([
      ['0', '0'],
      ['0', '0'],
    ])
  })

  test('when a later request of a write fails, the error says what is kept', async () => {
    const { sink } = await connect({ maxBodyRecords: 2 }, (_, pass, count) =>
      count === 2
        ? Promise.resolve(Response.json({ code: 'too-large', detail: 'no' }, { status: 413 }))
        : pass(),
    )
    const error = await sink.write(numbered(6)).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'too-large' })
    expect((error as Error).message).toContain('first 2 records')
  })

  // Of 40, the first is not answered again; it held other records, and "already exists" would say that these were kept.
  test.each([1, 40])('two sinks of one producer: the second is told, after %d', async (count) => {
    const producer = { id: 'reporter', epoch: 1 }
    const { of, sink } = await connect({ producer })
    for (let i = 0; i < count; i++) await sink.write(numbered(1))
    const second = httpSink({
      url: 'https://sluice.example/',
      stream: 'flights',
      token: TOKENS.all,
      producer,
      fetch: ((url: URL, init: RequestInit) => of.send(url.pathname, init, null)) as Fetch,
    })
    await expect(second.write(numbered(2))).rejects.toMatchObject({ code: 'conflict' })
    await expect(second.write(numbered(1))).rejects.toMatchObject({
      code: 'conflict',
      retryable: false,
    })
  })

  test('a write with a producer of its own is one request, or none', async () => {
    const { sent, sink } = await connect({ maxBodyRecords: 2 })
    const producer = { id: 'mine', epoch: 3, seq: 0 }
    await expect(sink.write(numbered(3), { producer })).rejects.toMatchObject({ code: 'too-large' })
    expect(sent).toEqual([])
    await sink.write(numbered(2), { producer })
    expect((await sink.write(numbered(2), { producer })).duplicate).toBe(true)
    expect(sent.map(({ epoch, seq }) => [epoch, seq])).toEqual([
      ['3', '0'],
      ['3', '0'],
    ])
  })

  test('a write with a producer of its own is told where the producer stands', async () => {
    const { sink } = await connect()
    const write = (seq: number) =>
      sink.write([{ seq }], { producer: { id: 'mine', epoch: 0, seq } })
    const refused = { retryable: false, producerId: 'mine' }
    await expect(write(3)).rejects.toMatchObject({ ...refused, code: 'conflict', expectedSeq: 0 })
    for (let seq = 0; seq < 40; seq++) await write(seq)
    expect(await write(30)).toMatchObject({ accepted: 1, duplicate: true })
    await expect(write(0)).rejects.toMatchObject({
      ...refused,
      code: 'already-exists',
      expectedSeq: 40,
    })
    expect(await sink.close()).toMatchObject({ accepted: 41, files: [{ records: 40 }] })
  })

  test('one receipt for all requests of a write, which the server knows', async () => {
    const { of, sent, sink } = await connect({ maxBodyRecords: 1 })
    const { receipt } = await sink.write(numbered(3))
    expect(receipt.ranges).toMatchObject([{ begin: 0, end: 3 }])
    await of.flights.flush()
    const response = await of.send(`/v1/streams/flights/receipts/${receipt.id}`)
    expect(await response.json()).toMatchObject({ state: 'committed', records: 3 })
    sent.length = 0
    expect(await receipt.committed()).toMatchObject({ records: 3 })
    expect(sent.length).toBe(1)
  })

  test('records of many lanes are asked for in addresses that servers take', async () => {
    const { of, sent, sink } = await connect({}, undefined, {
      partition: (row) => `${String(row.n)}-${'p'.repeat(200)}`,
    })
    const { receipt } = await sink.write(numbered(100))
    await of.flights.flush()
    expect(await receipt.committed()).toMatchObject({ records: 100, files: { length: 100 } })
    for (const { path } of sent) expect(path.length).toBeLessThan(8000)
    expect(await sink.close()).toMatchObject({ files: { length: 100 } })
  })

  test('close() asks once for all that lies together, however many writes there were', async () => {
    const { sent, sink } = await connect()
    for (let n = 0; n < 50; n++) await sink.write([{ n }])
    await sink.flush()
    for (let n = 0; n < 50; n++) await sink.write([{ n }])
    sent.length = 0
    const { accepted, files } = await sink.close()
    expect([accepted, files.map(({ begin, end }) => [begin, end])]).toEqual([
      100,
      [
        [0, 50],
        [50, 100],
      ],
    ])
    expect(sent.length).toBe(2)
  })

  test('a write that comes when close() has begun is refused', async () => {
    const { of, sink } = await connect()
    await sink.write(numbered(1))
    const closing = sink.close()
    await expect(sink.write(numbered(2))).rejects.toMatchObject({ code: 'invalid-options' })
    expect(await closing).toMatchObject({ accepted: 1, files: [{ records: 1 }] })
    expect((await storedRows(of.store, 'flights/')).length).toBe(1)
  })

  test('a flush that the server does not finish in time is asked about again, and the files are told', async () => {
    let pending = 3
    const { sent, sink } = await connect({}, async ({ url }, pass) => {
      if (!url.includes('/flush') || pending-- <= 0) return pass()
      return Response.json({ state: 'pending', files: [] })
    })
    await sink.write(numbered(2))
    const [files, result] = await Promise.all([sink.flush(), sink.close()])
    expect(files).toMatchObject([{ records: 2 }])
    expect(result.files).toEqual(files)
    const flushes = sent.filter(({ path }) => path.includes('/flush'))
    expect(flushes.map(({ path }) => path.split('?')[1])).toEqual(Array(5).fill('wait=20000'))
  })

  test('a row that is no object is rejected, whatever it looks like', async () => {
    const { of, sink } = await connect()
    const rows = [
      ['not-a-code', 'x', 'y', 'z'],
      ['too-large', '/x', 'y', 'z'],
      { toJSON: () => ['too-large', '/x', 'y', 'z'] },
      new Date(0),
    ] as unknown as Row[]
    const { accepted, rejected } = await sink.write(rows)
    expect([accepted, rejected]).toEqual([
      0,
      rows.map((_, index) => ({
        index,
        code: 'invalid-record',
        path: '',
        message: 'The record is not an object',
      })),
    ])
    await of.flights.flush()
    const letters = (await storedRows(of.store, 'flights/_rejected/')) as { raw: string }[]
    expect(letters[0]?.raw).toBe('["not-a-code","x","y","z"]')
  })

  test.each([
    ['a line end in the token', { token: 'first\nsecret-token' }],
    ['a space in the token', { token: 'Bearer secret-token' }],
    ['letters that are not ASCII', { token: 'sécret-token' }],
    ['no token', { token: '' }],
    ['a password in the address', { url: 'https://user:secret-token@sluice.example' }],
    ['no address', { url: 'secret-token' }],
  ])('%s is refused at once, and not repeated', (_, options) => {
    const open = () =>
      httpSink({ url: 'https://sluice.example', token: TOKENS.all, stream: 's', ...options })
    expect(open).toThrow(expect.objectContaining({ code: 'invalid-options' }))
    try {
      open()
    } catch (error) {
      const { message, stack, cause } = error as Error
      expect(`${message} ${stack} ${JSON.stringify(error)}`).not.toMatch(/s[eé]cret-token/)
      expect(cause).toBeUndefined()
    }
  })

  test.each([
    ['a token that nobody gave out', { token: 'guess-what' }, 'unauthenticated'],
    ['a token for another stream', { token: TOKENS.birds }, 'permission-denied'],
    ['a stream that is not there', { stream: 'none' }, 'not-found'],
  ])('%s', async (_, options, code) => {
    const { sink, sent } = await connect(options)
    const error = (await sink.write(numbered(1)).catch((caught: unknown) => caught)) as Error
    expect(error).toMatchObject({ code })
    expect(sent.length).toBe(1)
    const token = 'token' in options ? options.token : TOKENS.all
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain(token)
  })

  test('a page of some proxy’s is not taken for an answer', async () => {
    const { sink } = await connect({}, () => Promise.resolve(new Response('<html>Sign in</html>')))
    await expect(sink.write(numbered(1))).rejects.toMatchObject({ code: 'protocol' })
  })

  test('a server under a path of its own', async () => {
    const { sink, sent } = await connect({ url: 'https://sluice.example/below' }, () =>
      Promise.resolve(Response.json({ code: 'not-found', detail: 'no' }, { status: 404 })),
    )
    await expect(sink.write(numbered(1))).rejects.toMatchObject({ code: 'not-found' })
    expect(sent[0]?.path).toBe('/below/v1/streams/flights/records')
  })

  test('a signal ends a write, and leaving the scope aborts', async () => {
    const controller = new AbortController()
    const { sink } = await connect({}, ({ signal }) => {
      const ended = new Promise<Response>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
      controller.abort()
      return ended
    })
    await expect(sink.write(numbered(1), { signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
    })
    const other = await connect()
    {
      await using scoped = other.sink
      await scoped.write(numbered(1))
    }
    await expect(other.sink.write(numbered(1))).rejects.toMatchObject({ code: 'aborted' })
  })

  test('a signal is heard while a write or a flush waits its turn, and nothing of it is sent', async () => {
    const first = new AbortController()
    const { sink, sent } = await connect({}, ({ signal }) => {
      return new Promise<Response>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    })
    const working = sink.write(numbered(1), { signal: first.signal })
    const stop = new AbortController()
    const waiting = [
      sink.write(numbered(1), { signal: stop.signal }),
      sink.flush({ signal: stop.signal }),
    ]
    stop.abort()
    for (const call of waiting) await expect(call).rejects.toMatchObject({ code: 'aborted' })
    expect(sent.length).toBeLessThan(2)
    first.abort()
    await expect(working).rejects.toMatchObject({ code: 'aborted' })
  })
})
