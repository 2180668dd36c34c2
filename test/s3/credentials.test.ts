import { describe, expect, test } from 'vitest'
import { SluiceError } from '../../src/core/errors.ts'
import { s3Client } from '../../src/s3/client.ts'
import type { S3Credentials } from '../../src/s3/credentials.ts'
import { headObject, putObject } from '../../src/s3/objects.ts'
import { type VirtualClock, virtualClock } from '../../src/testing/virtual-clock.ts'
import { answer, cut, failure, type Script, type Step, script, xmlError } from './scripted-fetch.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const BODY = new Uint8Array([1])
const STORED = answer(200, '', { etag: '"tag"' })

/** A source that answers when it is told to, and counts. */
class Source {
  asked = 0
  readonly #clock: VirtualClock
  readonly #lifeMs: number | undefined
  /** What the next answers are, if not credentials. */
  readonly failures: Error[] = []
  /** Called in the middle of each answer. */
  during: () => Promise<void> = async () => {}

  constructor(clock: VirtualClock, lifeMs?: number) {
    this.#clock = clock
    this.#lifeMs = lifeMs
  }

  readonly give = async (): Promise<S3Credentials> => {
    const number = ++this.asked
    await this.during()
    const failed = this.failures.shift()
    if (failed) throw failed
    const endMs = this.#lifeMs === undefined ? undefined : this.#clock.now() + this.#lifeMs
    return {
      accessKeyId: `AKID${number}`,
      secretAccessKey: 'SECRET',
      sessionToken: `token${number}`,
      ...(endMs === undefined ? {} : { expiration: new Date(endMs) }),
    }
  }
}

interface Setup {
  readonly clock: VirtualClock
  readonly source: Source
  readonly plan: Script
  put(signal?: AbortSignal): Promise<unknown>
  /** The key id that each request was signed with. */
  used(): string[]
}

function setup(lifeMs?: number, steps: readonly Step[] = Array(300).fill(STORED)): Setup {
  const clock = virtualClock()
  const source = new Source(clock, lifeMs)
  const plan = script(steps, { clock, credentials: source.give })
  const client = s3Client(plan.options)
  return {
    clock,
    source,
    plan,
    put: (signal) => putObject(client, 'key', BODY, { signal }),
    used: () =>
      plan.sent.map(({ headers }) => {
        const [, id, number] =
          /Credential=(AKID(\d+))\//.exec(headers.get('authorization') ?? '') ?? []
        expect(headers.get('x-amz-security-token')).toBe(`token${number}`)
        return id ?? ''
      }),
  }
}

/** Lets everything go on that waits for nothing. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

describe('a function without an expiration', () => {
  test('is asked before every attempt', async () => {
    const { put, used } = setup(undefined, [STORED, cut, STORED, STORED])
    for (let n = 0; n < 3; n++) await put()
    expect(used()).toEqual(['AKID1', 'AKID2', 'AKID3', 'AKID4'])
  })

  test('is believed when the server refuses what it gave', async () => {
    const { put, used } = setup(undefined, [answer(400, xmlError('ExpiredToken')), STORED])
    expect(await failure(put())).toMatchObject({ code: 'unauthenticated' })
    expect(used()).toEqual(['AKID1'])
  })
})

describe('a function with an expiration', () => {
  test('is asked once by 100 concurrent calls', async () => {
    const { source, put, used } = setup(HOUR_MS)
    await Promise.all(Array.from({ length: 100 }, () => put()))
    expect(source.asked).toBe(1)
    expect(new Set(used())).toEqual(new Set(['AKID1']))
  })

  test('is asked again 5 minutes before the end, while calls go on with the old ones', async () => {
    const { clock, source, put, used } = setup(HOUR_MS)
    await put()
    await clock.advance(55 * MINUTE_MS - 1)
    await put()
    expect(source.asked).toBe(1)
    await clock.advance(1)
    let go = (): void => {}
    source.during = () => new Promise((resolve) => (go = resolve))
    await Promise.all([put(), put(), put()])
    expect(source.asked).toBe(2)
    go()
    await turn()
    await put()
    expect(used()).toEqual(['AKID1', 'AKID1', 'AKID1', 'AKID1', 'AKID1', 'AKID2'])
  })

  test('is waited for once the old ones have ended, by 100 calls, which ask once', async () => {
    const { clock, source, put, used } = setup(HOUR_MS)
    await put()
    await clock.advance(HOUR_MS)
    await Promise.all(Array.from({ length: 100 }, () => put()))
    expect(source.asked).toBe(2)
    expect(used().slice(1)).toEqual(Array(100).fill('AKID2'))
  })

  test('may fail early: the old ones still hold, and it is asked again after a pause', async () => {
    const { clock, source, put, used } = setup(HOUR_MS)
    await put()
    await clock.advance(55 * MINUTE_MS)
    source.failures.push(new Error('one'), new Error('two'))
    for (let n = 0; n < 5; n++) await put()
    expect(source.asked).toBe(2)
    await clock.advance(30_000 - 1)
    await put()
    expect(source.asked).toBe(2)
    await clock.advance(1)
    await put()
    expect(source.asked).toBe(3)
    await clock.advance(30_000)
    await put()
    await turn()
    await put()
    expect(source.asked).toBe(4)
    expect(used().at(-2)).toBe('AKID1')
    expect(used().at(-1)).toBe('AKID4')
  })

  test('that fails after the end is the error of the call, and is asked by the next one', async () => {
    const { clock, source, put, used } = setup(HOUR_MS)
    await put()
    await clock.advance(HOUR_MS)
    source.failures.push(new Error('no answer'))
    expect(await failure(put())).toMatchObject({
      code: 'unauthenticated',
      cause: new Error('no answer'),
    })
    await put()
    expect(used()).toEqual(['AKID1', 'AKID3'])
  })

  test('that gives ones of a short life is not asked at every call', async () => {
    const { clock, source, put } = setup(2 * MINUTE_MS)
    for (let n = 0; n < 12; n++) {
      await put()
      await clock.advance(10_000)
    }
    expect(source.asked).toBe(4)
  })

  test('whose answer has ended by our clock is used once: the clock may be wrong', async () => {
    const { put, used } = setup(-HOUR_MS)
    await put()
    await put()
    expect(used()).toEqual(['AKID1', 'AKID2'])
  })

  test('that never answers is a timeout, and does not hold up the next call', async () => {
    const { clock, source, plan } = setup(HOUR_MS)
    source.during = () => new Promise(() => {})
    const options = { ...plan.options, retry: { attempts: 1 } }
    const client = s3Client(options)
    const failing = failure(putObject(client, 'key', BODY))
    await clock.advance(2 * MINUTE_MS)
    expect(await failing).toMatchObject({ code: 'timeout', retryable: true })
    source.during = async () => {}
    await putObject(client, 'key', BODY)
    expect(source.asked).toBe(2)
    expect(clock.pending).toBe(0)
  })

  test('that never answers does not hold up the caller’s signal', async () => {
    const { source, put } = setup(HOUR_MS)
    source.during = () => new Promise(() => {})
    const controller = new AbortController()
    const failing = failure(put(controller.signal))
    controller.abort(new Error('enough'))
    expect(await failing).toMatchObject({ code: 'aborted', cause: new Error('enough') })
  })
})

describe('credentials that were kept and that the server refuses', () => {
  test.each(['ExpiredToken', 'TokenRefreshRequired', 'InvalidAccessKeyId'])(
    '%s: are dropped, and the attempt is made again with new ones',
    async (code) => {
      const steps = [STORED, answer(403, xmlError(code)), STORED, STORED]
      const { put, used, plan } = setup(HOUR_MS, steps)
      for (let n = 0; n < 3; n++) await put()
      expect(used()).toEqual(['AKID1', 'AKID1', 'AKID2', 'AKID2'])
      expect(plan.sent.map(({ body }) => body)).toEqual(Array(4).fill('\u0001'))
    },
  )

  test('once: the second refusal is the error', async () => {
    const expired = answer(400, xmlError('ExpiredToken'))
    const { put, used } = setup(HOUR_MS, [STORED, expired, expired, STORED])
    await put()
    expect(await failure(put())).toMatchObject({
      code: 'unauthenticated',
      serverCode: 'ExpiredToken',
    })
    expect(used()).toEqual(['AKID1', 'AKID1', 'AKID2'])
  })

  test('that were new are believed to be wrong', async () => {
    const { put, used } = setup(HOUR_MS, [answer(400, xmlError('ExpiredToken')), STORED])
    expect(await failure(put())).toMatchObject({ serverCode: 'ExpiredToken' })
    expect(used()).toEqual(['AKID1'])
  })

  test('in 100 concurrent calls make one new request for others', async () => {
    const byToken: Step = ({ headers }, init) =>
      headers.get('x-amz-security-token') === 'token1' && revoked
        ? answer(400, xmlError('ExpiredToken'))({} as never, init)
        : STORED({} as never, init)
    let revoked = false
    const { source, put, plan } = setup(HOUR_MS, Array(300).fill(byToken))
    await put()
    revoked = true
    await Promise.all(Array.from({ length: 100 }, () => put()))
    expect(source.asked).toBe(2)
    expect(plan.sent).toHaveLength(201)
  })

  test('for another reason are kept', async () => {
    const steps = [STORED, answer(403, xmlError('AccessDenied')), STORED]
    const { put, used } = setup(HOUR_MS, steps)
    await put()
    expect(await failure(put())).toMatchObject({ code: 'permission-denied' })
    await put()
    expect(used()).toEqual(['AKID1', 'AKID1', 'AKID1'])
  })
})

describe('are refused, without being repeated, when they', () => {
  test.each([
    ['lack a part', { secretAccessKey: '' }, 'lack secretAccessKey'],
    ['end in a new line', { secretAccessKey: 'S3CRET\n' }, 'in secretAccessKey'],
    ['hold a header in a token', { sessionToken: 'S3CRET\r\nx: y' }, 'in sessionToken'],
    ['hold what no header can', { accessKeyId: 'S3CRETé' }, 'in accessKeyId'],
    ['have an expiration that is a text', { expiration: '2026-01-01' }, 'expiration'],
    ['have an expiration that is no time', { expiration: new Date(Number.NaN) }, 'expiration'],
  ])('%s', async (_, part, message) => {
    const given = { accessKeyId: 'AKID', secretAccessKey: 'SECRET', ...part } as S3Credentials
    const plan = script([STORED], { credentials: async () => given })
    const error = await failure(putObject(s3Client(plan.options), 'key', BODY))
    expect(error).toMatchObject({ code: 'unauthenticated' })
    expect(error.message).toContain(message)
    expect(error.message).not.toContain('S3CRET')
    expect(plan.sent).toHaveLength(0)
  })
})

test('an absent file of credentials is not taken for an absent object', async () => {
  const credentials = (): never => {
    throw new SluiceError('not-found', 'There is no such file')
  }
  const plan = script([STORED], { credentials })
  expect(await failure(headObject(s3Client(plan.options), 'key'))).toMatchObject({
    code: 'unauthenticated',
  })
})
