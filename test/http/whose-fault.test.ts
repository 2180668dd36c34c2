import { describe, expect, test } from 'vitest'
import type { ErrorCode, Log, Store } from '../../src/contracts/index.ts'
import { isErrorCode } from '../../src/core/error-codes.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { tokenAuthorizer } from '../../src/http/access.ts'
import { ingestApp } from '../../src/http/ingest-app.ts'
import { sinkTarget } from '../../src/http/target.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { segmentLog } from '../../src/logs/segments/segment-log.ts'
import { createSink } from '../../src/sinks/create-sink.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { ModelFolder } from '../logs/segments/model-folder.ts'
import { problemOf, type Service, service, storedRows } from './tools.ts'

const RECORDS = '/v1/streams/flights/records'
const CODES = (
  'not-found already-exists precondition-failed conflict permission-denied unauthenticated clock-skew slow-down ' +
  'invalid-key invalid-options invalid-record not-supported too-large checksum-mismatch fenced aborted timeout network ' +
  'protocol unavailable'
).split(' ') as ErrorCode[]

interface Told {
  readonly of: Service
  readonly told: unknown[]
}

async function told(options: Parameters<typeof service>[0] = {}): Promise<Told> {
  const errors: unknown[] = []
  const of = await service({ onError: (error) => errors.push(error), ...options })
  return { of, told: errors }
}

/** As a store says it, with the status of its own server. */
const failure = (code: ErrorCode) =>
  new SluiceError(code, `The bucket's own ${code}`, { status: 403, serverCode: 'AccessDenied' })

test('these are all the codes', () => {
  expect(CODES.filter(isErrorCode)).toEqual(CODES)
  expect(['constructor', 'no such code', '', 7, undefined].some(isErrorCode)).toBe(false)
})

describe.each(CODES)('what lies behind the app fails with %s', (code) => {
  test('in a write: only what says that nothing was kept is a 4xx', async () => {
    const { of, told: errors } = await told()
    of.flights.write = () => Promise.reject(failure(code))
    const response = await of.post(RECORDS, '{"a":1}')
    const problem = await problemOf(response)
    if (code === 'slow-down') {
      expect([problem.status, problem.code, errors.length]).toEqual([429, 'slow-down', 0])
      return
    }
    expect([problem.status, problem.code]).toEqual([503, 'unavailable'])
    expect(response.headers.get('www-authenticate')).toBeNull()
    expect(errors).toMatchObject([{ code: 'unavailable', cause: { code } }])
  })

  test('in a flush, a receipt, a download, the authorizer', async () => {
    const fail = () => Promise.reject(failure(code))
    const { of, told: errors } = await told({ store: { ...memoryStore(), head: fail } })
    of.flights.flush = fail
    of.flights.receipt = () => ({ id: '', ranges: [], committed: fail, progress: fail })
    const locked = await told({ authorize: fail })
    const post = { method: 'POST' }
    const receipt = of.send('/v1/streams/flights/receipts/W10')
    const responses = [
      of.send('/v1/streams/flights/flush', post),
      of.send('/v1/streams/flights/flush?wait=10', post),
      of.send('/v1/files/flights/x'),
      locked.of.send('/v1/streams'),
      ...(code === 'not-found' ? [] : [receipt]),
    ]
    for (const response of await Promise.all(responses)) {
      expect(await problemOf(response)).toMatchObject({ status: 503, code: 'unavailable' })
    }
    expect(errors.length + locked.told.length).toBe(responses.length)
  })
})

const step = (epoch: number, seq: number) => ({
  'content-type': 'application/x-ndjson',
  'producer-id': 'p',
  'producer-epoch': String(epoch),
  'producer-seq': String(seq),
})

describe('refusals that are about the request', () => {
  test.each([
    ['an epoch that is over', 4, 0, 403, 'fenced'],
    ['a gap', 5, 7, 409, 'conflict'],
  ])('%s', async (_, epoch, seq, status, code) => {
    const { of, told: errors } = await told()
    await of.post(RECORDS, '{"a":1}', step(5, 0))
    const response = await of.post(RECORDS, '{"a":2}', step(epoch, seq))
    expect(await problemOf(response)).toMatchObject({ status, code })
    await of.flights.flush()
    expect(await storedRows(of.store, 'flights/')).toEqual([{ a: 1 }])
    expect(errors).toEqual([])
  })
})

describe('a server that is no longer the one', () => {
  const serve = (log: Log = memoryLog(), store: Store = memoryStore()) => {
    const sink = createSink({ stream: 'flights', store, format: jsonl(), log })
    const app = ingestApp({
      streams: { flights: { format: 'jsonl', target: sinkTarget(sink) } },
      authorize: () => ({ streams: ['*'], scopes: ['write', 'read'] }),
    })
    const headers = { authorization: 'Bearer t', 'content-type': 'application/x-ndjson' }
    const send = (path: string, body?: string, more: Record<string, string> = {}) =>
      app.fetch(
        new Request(`https://sluice.example${path}`, {
          method: 'POST',
          headers: { ...headers, ...more },
          body: body ?? null,
        }),
      )
    return { sink, send }
  }

  test('its successor has opened the log: a good request is told to come again', async () => {
    const log = memoryLog()
    const store = memoryStore()
    const [one, two] = [serve(log, store), serve(log, store)]
    expect((await one.send(RECORDS, '{"a":1}')).status).toBe(200)
    expect((await two.send(RECORDS, '{"a":1}')).status).toBe(200)
    expect(await problemOf(await one.send(RECORDS, '{"a":1}'))).toMatchObject({ status: 503 })
  })

  test('and had read the records before they were acknowledged: sent again, they are not kept twice', async () => {
    const folder = new ModelFolder()
    const store = memoryStore()
    const [one, two] = [segmentLog(folder), segmentLog(folder)].map((log) => serve(log, store))
    await one?.sink.open()
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    // It has written, and looks whether the log is still its own.
    const list = folder.list.bind(folder)
    let looking = false
    folder.list = async () => {
      if (!looking) {
        looking = true
        await held
      }
      return list()
    }
    const answer = one?.send(RECORDS, '{"a":1}', step(0, 0))
    await expect.poll(() => looking).toBe(true)
    await two?.sink.open()
    letGo()
    expect(await problemOf((await answer) as Response)).toMatchObject({
      status: 503,
      code: 'unavailable',
    })
    const again = await two?.send(RECORDS, '{"a":1}', step(0, 0))
    expect(await again?.json()).toMatchObject({ accepted: 1, duplicate: true })
    await two?.sink.close()
    expect(await storedRows(store, 'flights/')).toEqual([{ a: 1 }])
  })

  test.each([
    ['closed', (sink: ReturnType<typeof serve>['sink']) => sink.close()],
    ['aborted', (sink: ReturnType<typeof serve>['sink']) => sink.abort()],
  ])('its sink was %s', async (_, end) => {
    const { sink, send } = serve()
    await send(RECORDS, '{"a":1}')
    await end(sink)
    expect(await problemOf(await send(RECORDS, '{"a":1}'))).toMatchObject({ status: 503 })
  })
})

test('two token rules with one hash are refused by their places', () => {
  const rule = { streams: ['*'], scopes: ['read'] as const }
  const rules = ['ab', 'cd', 'AB'].map((pair) => ({ ...rule, sha256: pair.repeat(32) }))
  expect(() => tokenAuthorizer(rules)).toThrow(/rules 0 and 2/)
})

test('a flush that takes longer than the wait is pending, and goes on', async () => {
  const { of } = await told()
  await of.post(RECORDS, '{"a":1}')
  let finish = () => {}
  const held = new Promise<void>((resolve) => {
    finish = resolve
  })
  const flush = of.flights.flush.bind(of.flights)
  of.flights.flush = async () => {
    const files = await flush()
    await held
    return files
  }
  const send = (waitMs: number) =>
    of.send(`/v1/streams/flights/flush?wait=${waitMs}`, { method: 'POST' })
  expect(await (await send(1)).json()).toEqual({ state: 'pending', files: [] })
  finish()
  of.flights.flush = flush
  expect(await (await send(30_000)).json()).toMatchObject({ state: 'committed' })
  expect(await storedRows(of.store, 'flights/')).toEqual([{ a: 1 }])
})
