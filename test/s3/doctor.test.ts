import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/contracts/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { type S3ClientOptions, s3Client } from '../../src/s3/client.ts'
import { type Check, type DoctorOptions, doctor } from '../../src/s3/doctor.ts'
import { presignedClient } from '../../src/s3/presigned-client.ts'
import { b2 } from '../../src/s3/providers/index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { realServers, startServer } from '../servers.ts'
import { type GatewayClientOptions, gatewayClient } from './gateway-client.ts'
import { failure, xmlError } from './scripted-fetch.ts'

const refusal = (status: number, code: string, more = ''): Response =>
  new Response(xmlError(code, more), { status })

/** Each check by its name. */
function byName(checks: readonly Check[]): Record<string, Check> {
  return Object.fromEntries(checks.map((check) => [check.check, check]))
}

async function look(
  gateway: GatewayClientOptions,
  options?: DoctorOptions,
): Promise<Record<string, Check>> {
  return byName(await doctor(gatewayClient(gateway), options))
}

const bad = (checks: Record<string, Check>): string[] =>
  Object.values(checks)
    .filter(({ ok }) => !ok)
    .map(({ check }) => check)

/** The gateway, with its answer to a query of the bucket. */
const answering = (query: string, answer: () => Response): GatewayClientOptions => ({
  between: async (request, respond) =>
    new URL(request.url).searchParams.has(query) ? answer() : respond(request),
})

test.for([{ kind: 'gateway' as const, missing: undefined }, ...realServers()])(
  'finds $kind well, and leaves nothing there',
  { timeout: 120_000 },
  async ({ kind, missing }, { skip, onTestFinished }) => {
    skip(missing !== undefined, missing)
    const server = await startServer(kind)
    onTestFinished(() => server.stop())
    const client = s3Client({ ...server, credentials: server })
    const told: Check[] = []
    const onCheck = (check: Check): void => void told.push(check)
    // It lets any page in; the others none, without a rule.
    const origin = kind === 'minio' ? 'https://app.example' : undefined
    const checks = await doctor(client, { prefix: 'a b/', onCheck, origin })
    expect(checks.filter(({ ok }) => !ok)).toEqual([])
    expect(checks).toEqual(told)
    expect(checks.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        ...['credentials', 'bucket', 'clock', 'etag', 'write', 'read', 'conditional put'],
        ...['multipart', 'conditional complete', 'copy', 'conditional copy', 'list uploads'],
        ...['part copy', 'checksums', 'clean up'],
      ]),
    )
    expect(byName(checks)['list uploads']?.fix === undefined).toBe(kind !== 'minio')
    expect(byName(checks)['cors etag']?.ok).toBe(origin && true)
  },
)

describe('what is wrong, and what to do', () => {
  test('a bucket that is not there', async () => {
    const checks = await look({ client: { bucket: 'another' } })
    expect(Object.keys(checks)).toEqual(['credentials', 'bucket'])
    expect(checks.bucket).toMatchObject({ ok: false, code: 'not-found' })
    expect(checks.bucket?.fix).toContain('create the bucket')
  })

  test('credentials that the server does not know', async () => {
    const credentials = { accessKeyId: 'AKID', secretAccessKey: 'not-the-secret' }
    const checks = await look({ client: { credentials } })
    expect(checks.bucket).toMatchObject({ ok: false, code: 'unauthenticated' })
    expect(JSON.stringify(checks)).not.toContain('not-the-secret')
  })

  test.each<[string, S3ClientOptions['credentials'], object]>([
    [
      'are refused',
      () => {
        throw new Error('secret-in-it')
      },
      { ok: false, code: 'unauthenticated' },
    ],
    [
      'end',
      () => ({
        accessKeyId: 'AKID',
        secretAccessKey: 'SECRET',
        expiration: new Date('2100-01-01'),
      }),
      { ok: true, found: 'found; they end at 2100-01-01T00:00:00.000Z' },
    ],
    ['are none', 'anonymous', { ok: true, found: 'this client holds none' }],
  ])('credentials that %s', async (_, credentials, check) => {
    const checks = await look({ client: { credentials } })
    expect(checks.credentials).toMatchObject(check)
    expect(JSON.stringify(checks)).not.toContain('secret-in-it')
  })

  test('credentials that never come', async () => {
    const clock = virtualClock()
    const credentials = (): Promise<never> => new Promise(() => {})
    const looking = look({ client: { credentials, clock } })
    await clock.advance(60_000)
    expect(await looking).toEqual({
      credentials: expect.objectContaining({ ok: false, code: 'timeout' }),
    })
  })

  test('a clock that is an hour off', async () => {
    const clock = { ...systemClock, now: () => Date.now() + 3_600_000 }
    const checks = await look({ clock })
    expect(bad(checks)).toEqual(['clock'])
    expect(checks.clock).toMatchObject({ code: 'clock-skew', fix: "set this machine's clock" })
  })

  test('another region', async () => {
    const between: GatewayClientOptions['between'] = async (request, respond) => {
      const response = await respond(request)
      response.headers.set('x-amz-bucket-region', 'eu-west-1')
      return response
    }
    expect((await look({ between })).region).toMatchObject({
      ok: true,
      fix: expect.stringContaining('eu-west-1'),
    })
    const moved = async (): Promise<Response> =>
      refusal(301, 'PermanentRedirect', '<Region>eu-west-1</Region>')
    expect((await look({ between: moved })).bucket?.found).toContain('eu-west-1: set it')
  })

  test('conditions that are ignored', async () => {
    const memory = memoryStore()
    const lax: Store = {
      ...memory,
      put: (key, body, options) =>
        memory.put(key, body, { ...options, ifNoneMatch: undefined, ifMatch: undefined }),
    }
    const checks = await look({ store: lax })
    expect(bad(checks)).toEqual(['conditional put'])
    expect(checks['conditional put']?.fix).toContain('two writers may overwrite each other')
    // Of a provider that claims none it is no surprise, and still weaker.
    const { provider } = b2({ region: 'us-west-004' })
    const known = await look({ store: lax, client: { provider } })
    expect(bad(known)).toEqual([])
    expect(known['conditional put']?.fix).toContain('let each key have one writer')
  })

  test('ETags that a page cannot see', async () => {
    const between: GatewayClientOptions['between'] = async (request, respond) => {
      const response = await respond(request)
      response.headers.delete('etag')
      return response
    }
    const checks = await look({ between })
    expect(bad(checks)).toEqual(['etag'])
    expect(checks.etag?.fix).toContain('ExposeHeaders: ETag')
    expect(checks).not.toHaveProperty('checksums')
  })

  test('what may not be written, read, or deleted', async () => {
    const deny = (method: string): GatewayClientOptions => ({
      between: async (request, respond) =>
        request.method === method && !new URL(request.url).searchParams.has('list-type')
          ? refusal(403, 'AccessDenied')
          : respond(request),
    })
    expect(bad(await look(deny('PUT')))).toEqual(['write'])
    const unread = await look(deny('GET'))
    expect(bad(unread)).toEqual(['read'])
    expect(unread.read).toMatchObject({ code: 'permission-denied' })
    const left = await look({
      between: async (request, respond) =>
        new URL(request.url).searchParams.has('delete')
          ? refusal(403, 'AccessDenied')
          : respond(request),
    })
    expect(bad(left)).toEqual(['clean up'])
    expect(left['clean up']?.fix).toContain('s3:DeleteObject')
  })

  test('a server that goes away in the middle', async () => {
    let n = 0
    const between: GatewayClientOptions['between'] = async (request, respond) => {
      if (++n > 20) throw new TypeError('fetch failed')
      return respond(request)
    }
    const checks = await look({ between })
    expect(bad(checks)).toEqual(['trials'])
    expect(checks.trials).toMatchObject({ code: 'network' })
  })

  test('nobody there', async () => {
    const between = (): Promise<never> => Promise.reject(new TypeError('fetch failed'))
    const checks = await look({ between })
    expect(Object.keys(checks)).toEqual(['credentials', 'bucket'])
    expect(checks.bucket?.fix).toContain('check the endpoint')
  })
})

describe('what the bucket is set up for', () => {
  const lifecycle = (rules: string): GatewayClientOptions =>
    answering(
      'lifecycle',
      () => new Response(`<LifecycleConfiguration>${rules}</LifecycleConfiguration>`),
    )
  const rule = (status: string): string =>
    `<Rule><Status>${status}</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>`

  test.each([
    ['no rules at all', answering('lifecycle', () => refusal(404, 'NoSuchLifecycleConfiguration'))],
    ['a rule for something else', lifecycle('<Rule><Status>Enabled</Status><Expiration/></Rule>')],
    ['a rule that is off', lifecycle(rule('Disabled'))],
  ])('uploads stay: %s', async (_, gateway) => {
    expect((await look(gateway)).lifecycle).toMatchObject({
      ok: true,
      fix: expect.stringContaining('AbortIncompleteMultipartUpload'),
    })
  })

  test('uploads are aborted', async () => {
    const checks = await look(lifecycle(rule('Enabled')))
    expect(checks.lifecycle).toEqual({
      check: 'lifecycle',
      ok: true,
      found: 'uploads that nobody ends are aborted after 7 days',
    })
  })

  test.each([
    ['<Status>Enabled</Status>', true],
    ['<Status>Suspended</Status>', false],
    ['', false],
  ])('versions: "%s"', async (status, kept) => {
    const document = `<VersioningConfiguration>${status}</VersioningConfiguration>`
    const checks = await look(answering('versioning', () => new Response(document)))
    expect(checks.versioning?.fix !== undefined).toBe(kept)
  })

  test('nothing is said of what may not be read', async () => {
    const checks = await look({
      between: async (request, respond) =>
        /[?](lifecycle|versioning)=/.test(request.url)
          ? refusal(403, 'AccessDenied')
          : respond(request),
    })
    expect(bad(checks)).toEqual([])
    expect(checks).not.toHaveProperty('lifecycle')
    expect(checks).not.toHaveProperty('versioning')
  })

  const origin = 'https://app.example'

  test.each([
    ['no page', {}, ['cors']],
    ['another page', { 'access-control-allow-origin': 'https://other.example' }, ['cors']],
    ['this page, without ETags', { 'access-control-allow-origin': origin }, ['cors etag']],
    [
      'any page, with ETags',
      {
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'x-amz-request-id, ETag',
      },
      [],
    ],
  ])('a CORS rule for %s', async (_, headers, failures) => {
    const origins = new Set<string | null>()
    const between: GatewayClientOptions['between'] = async (request, respond) => {
      const response = await respond(request)
      origins.add(request.headers.get('origin'))
      for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
      return response
    }
    const memory = memoryStore()
    const checks = await look({ store: memory, between }, { origin })
    expect(bad(checks)).toEqual(failures)
    expect(origins).toContain(origin)
    for await (const entry of memory.list()) expect(entry).toBeUndefined()
    if (failures[0]) expect(checks[failures[0]]?.fix).toContain('ExposeHeaders ETag')
  })
})

test('a client without a key of its own is looked at as well', async () => {
  const client = presignedClient({
    bucket: 'bucket',
    sign() {
      throw new Error('no')
    },
  })
  const checks = byName(await doctor(client))
  expect(checks.credentials).toMatchObject({ ok: true, found: 'this client holds none' })
  expect(checks.bucket).toMatchObject({ ok: false, code: 'unauthenticated' })
})

test('an abort ends it, and takes away what was written', async () => {
  const memory = memoryStore()
  const abort = new AbortController()
  const onCheck = ({ check }: Check): void => {
    if (check === 'conditional put') abort.abort()
  }
  const looking = doctor(gatewayClient({ store: memory }), { signal: abort.signal, onCheck })
  expect(await failure(looking)).toMatchObject({ code: 'aborted' })
  for await (const entry of memory.list()) expect(entry).toBeUndefined()
})
