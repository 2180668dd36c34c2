import { describe, expect, test } from 'vitest'
import { type AssumeRoleOptions, assumeRole } from '../../../src/s3/credentials/assume-role.ts'
import { assumeRoleWithWebIdentity } from '../../../src/s3/credentials/assume-role-with-web-identity.ts'
import type { S3Credentials } from '../../../src/s3/credentials.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { failure } from '../scripted-fetch.ts'
import { denied, granted, nobody, type Received, serve, signatureFault } from './servers.ts'

const ROLE = 'arn:aws:iam::123456789012:role/exporter'
const END = new Date('2026-01-01T01:00:00Z')
const SOURCE = { accessKeyId: 'AKID', secretAccessKey: 'SECRET', sessionToken: 'source-token' }
const WITH_SOURCE = { source: SOURCE, roleArn: ROLE, sessionName: 'job', retry: { baseMs: 0 } }

const grant = (): string => granted('AssumeRole', 1, END)
const fieldsOf = (request: Received | undefined): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(request?.body))

describe('assumeRole', () => {
  test('asks STS with a signature, and gives what it says', async () => {
    const clock = virtualClock()
    const sts = await serve(grant)
    const credentials = await assumeRole({
      ...WITH_SOURCE,
      endpoint: sts.url,
      region: 'eu-west-1',
      durationMs: 15 * 60_000,
      externalId: 'ext/1',
      policy: '{"Version":"2012-10-17"}',
      clock,
    })()
    expect(credentials).toEqual({
      accessKeyId: 'ASIA1',
      secretAccessKey: 'role-secret-1',
      sessionToken: 'role-token-1',
      expiration: END,
    })
    expect(sts.received).toHaveLength(1)
    const [request] = sts.received as [Received]
    expect(signatureFault(request, SOURCE, 'eu-west-1', clock.now())).toBeUndefined()
    expect(request.headers['content-type']).toContain('application/x-www-form-urlencoded')
    expect(fieldsOf(request)).toEqual({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: ROLE,
      RoleSessionName: 'job',
      DurationSeconds: '900',
      ExternalId: 'ext/1',
      Policy: '{"Version":"2012-10-17"}',
    })
  })

  test.each([
    ['eu-west-1', 'sts.eu-west-1.amazonaws.com'],
    ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn'],
    ['eusc-de-east-1', 'sts.eusc-de-east-1.amazonaws.eu'],
    ['us-isob-east-1', 'sts.us-isob-east-1.sc2s.sgov.gov'],
  ])('asks the service of %s in its partition', async (region, host) => {
    const hosts: string[] = []
    const role = assumeRole({
      ...WITH_SOURCE,
      region,
      async fetch(url) {
        hosts.push(new URL(url).host)
        return new Response(null, { status: 418 })
      },
    })
    await failure(role())
    expect(hosts).toEqual([host])
  })

  test('leaves out what was not given, and asks for an hour', async () => {
    const sts = await serve(grant)
    await assumeRole({ ...WITH_SOURCE, endpoint: sts.url })()
    expect(Object.keys(fieldsOf(sts.received[0]))).toEqual([
      'Action',
      'Version',
      'RoleArn',
      'RoleSessionName',
      'DurationSeconds',
    ])
    expect(fieldsOf(sts.received[0]).DurationSeconds).toBe('3600')
  })

  test.each([
    ['us-east-1', 'https://sts.us-east-1.amazonaws.com/'],
    ['eu-central-1', 'https://sts.eu-central-1.amazonaws.com/'],
    ['cn-north-1', 'https://sts.cn-north-1.amazonaws.com.cn/'],
  ])('goes to the service of %s', async (region, address) => {
    const urls: string[] = []
    const fetch = async (url: string): Promise<Response> => {
      urls.push(url)
      return new Response(grant())
    }
    await assumeRole({ ...WITH_SOURCE, region, fetch })()
    expect(urls).toEqual([address])
  })

  test.each([
    ['503', { status: 503 }],
    ['a throttled call', { status: 400, body: denied('Throttling') }],
    ['429 of a proxy', { status: 429, body: '<html>' }],
  ])('tries again after %s, signed afresh', async (_, reply) => {
    const clock = virtualClock()
    const sts = await serve(() => {
      if (sts.received.length > 2) return grant()
      clock.setNow(clock.now() + 5000)
      return reply
    })
    await assumeRole({ ...WITH_SOURCE, endpoint: sts.url, clock })()
    expect(sts.received.map(({ headers }) => headers['x-amz-date'])).toEqual([
      '20260101T000000Z',
      '20260101T000005Z',
      '20260101T000010Z',
    ])
  })

  test.each([
    ['AccessDenied', 403, 'permission-denied'],
    ['InvalidClientTokenId', 403, 'unauthenticated'],
    ['SignatureDoesNotMatch', 403, 'unauthenticated'],
    ['ValidationError', 400, 'invalid-options'],
    ['RegionDisabledException', 403, 'invalid-options'],
  ])('%s is told, and not tried again', async (serverCode, status, code) => {
    const sts = await serve(() => ({ status, body: denied(serverCode, 'because of this') }))
    const error = await failure(assumeRole({ ...WITH_SOURCE, endpoint: sts.url })())
    expect(error).toMatchObject({ code, status, serverCode, retryable: false })
    expect(error.message).toBe(
      `AssumeRole of ${ROLE} was answered ${status} ${serverCode} "because of this"`,
    )
    expect(sts.received).toHaveLength(1)
  })

  test.each([
    ['nothing', ''],
    ['a web page', '<html></html>'],
    ['half of the answer', grant().slice(0, -30)],
    ['another call’s answer', granted('AssumeRoleWithSAML', 1, END)],
    ['an answer without a key', grant().replace(/<AccessKeyId>.*<\/AccessKeyId>/, '')],
    ['an answer without a secret', grant().replace('role-secret-1', '')],
    ['an answer with an odd end', grant().replace(END.toISOString(), 'tomorrow')],
    ['too much', `${' '.repeat(70_000)}${grant()}`],
  ])('%s is no answer', async (_, body) => {
    const sts = await serve(() => ({ status: 200, body }))
    const error = await failure(assumeRole({ ...WITH_SOURCE, endpoint: sts.url })())
    expect(error).toMatchObject({ code: 'protocol' })
    expect(sts.received).toHaveLength(1)
  })

  test('nobody there is a network error, after some attempts', async () => {
    const endpoint = await nobody()
    const error = await failure(assumeRole({ ...WITH_SOURCE, endpoint })())
    expect(error).toMatchObject({ code: 'network', retryable: true })
  })

  test('silence ends', async () => {
    const clock = virtualClock()
    const sts = await serve(() => {
      void clock.advance(10_000)
      return 'silence'
    })
    const options = { ...WITH_SOURCE, endpoint: sts.url, clock, retry: { attempts: 2, baseMs: 0 } }
    expect(await failure(assumeRole(options)())).toMatchObject({ code: 'timeout' })
    expect(sts.received).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })

  test('a redirect is not followed', async () => {
    const modes: unknown[] = []
    const fetch = async (_: string, init: RequestInit): Promise<Response> => {
      modes.push(init.redirect)
      return Response.redirect('https://elsewhere.example', 307)
    }
    const error = await failure(assumeRole({ ...WITH_SOURCE, fetch })())
    expect(error).toMatchObject({ code: 'protocol', status: 307 })
    expect(modes).toEqual(['manual'])
  })

  test('keeps its source, and asks it again when STS refuses what it had kept', async () => {
    const clock = virtualClock()
    let asked = 0
    const source = (): S3Credentials => ({
      accessKeyId: `AKID${++asked}`,
      secretAccessKey: 'SECRET',
      expiration: new Date(clock.now() + 3_600_000),
    })
    const refusals = [3]
    const sts = await serve(() =>
      refusals.includes(sts.received.length)
        ? { status: 403, body: denied('ExpiredToken') }
        : grant(),
    )
    const provider = assumeRole({ ...WITH_SOURCE, source, endpoint: sts.url, clock })
    for (let n = 0; n < 3; n++) await provider()
    const keys = sts.received.map(({ headers }) => /AKID\d/.exec(headers.authorization ?? '')?.[0])
    expect(keys).toEqual(['AKID1', 'AKID1', 'AKID1', 'AKID2'])
  })

  test.each<[string, Partial<AssumeRoleOptions>]>([
    ['roleArn', { roleArn: 'exporter' }],
    ['roleArn', { roleArn: `${ROLE}\n` }],
    ['sessionName', { sessionName: 'a b' }],
    ['durationMs', { durationMs: 3600 }],
    ['durationMs', { durationMs: Number.NaN }],
    ['region', { region: 'evil.example/' }],
    ['address', { endpoint: 'ftp://127.0.0.1' }],
    ['address', { endpoint: 'https://user:S3CRET@sts.example' }],
    ['plain http', { endpoint: 'http://sts.example' }],
    ['plain http', { endpoint: 'http://169.254.169.254' }],
  ])('refuses at once a %s that makes no sense: %j', (name, options) => {
    const make = (): unknown => assumeRole({ ...WITH_SOURCE, ...options })
    expect(make).toThrowError(
      expect.objectContaining({ code: 'invalid-options', message: expect.stringContaining(name) }),
    )
    expect(make).toThrowError(expect.not.stringContaining('S3CRET'))
  })

  test('allowInsecure allows plain http to another machine', async () => {
    const urls: string[] = []
    const fetch = async (url: string): Promise<Response> => {
      urls.push(url)
      return new Response(grant())
    }
    await assumeRole({
      ...WITH_SOURCE,
      endpoint: 'http://minio.example:9000',
      allowInsecure: true,
      fetch,
    })()
    expect(urls).toEqual(['http://minio.example:9000/'])
  })
})

describe('assumeRoleWithWebIdentity', () => {
  const options = { roleArn: ROLE, sessionName: 'pod', retry: { baseMs: 0 } }
  const grantPod = (): string => granted('AssumeRoleWithWebIdentity', 2, END)

  test('asks STS without a signature, with a new token each time', async () => {
    let number = 0
    const sts = await serve(grantPod)
    const token = (): string => `the.token.${++number}\n`
    const provider = assumeRoleWithWebIdentity({ ...options, endpoint: sts.url, token })
    expect(await provider()).toMatchObject({ accessKeyId: 'ASIA2', expiration: END })
    await provider()
    expect(sts.received.map((request) => fieldsOf(request))).toEqual(
      ['the.token.1', 'the.token.2'].map((WebIdentityToken) => ({
        Action: 'AssumeRoleWithWebIdentity',
        Version: '2011-06-15',
        RoleArn: ROLE,
        RoleSessionName: 'pod',
        DurationSeconds: '3600',
        WebIdentityToken,
      })),
    )
    expect(sts.received[0]?.path).toBe('/')
    expect(sts.received[0]?.headers.authorization).toBeUndefined()
  })

  test('tries again when STS cannot reach the identity provider', async () => {
    const sts = await serve(() =>
      sts.received.length > 1 ? grantPod() : { status: 400, body: denied('IDPCommunicationError') },
    )
    await assumeRoleWithWebIdentity({ ...options, endpoint: sts.url, token: () => 'a.b.c' })()
    expect(sts.received).toHaveLength(2)
  })

  test.each([
    ['empty', () => ' \n'],
    ['far too long', () => 'x'.repeat(20_001)],
    ['absent', () => Promise.reject(new Error('no file'))],
    ['none', () => undefined as never],
  ])('a token that is %s is refused', async (_, token) => {
    const sts = await serve(grantPod)
    const provider = assumeRoleWithWebIdentity({ ...options, endpoint: sts.url, token })
    expect(await failure(provider())).toMatchObject({ code: 'invalid-options' })
    expect(sts.received).toHaveLength(0)
  })
})
