import { describe, expect, test } from 'vitest'
import {
  type InstanceCredentialsOptions,
  instanceCredentials,
} from '../../../src/s3/credentials/instance-credentials.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { failure } from '../scripted-fetch.ts'
import { nobody, type Received, type Reply, serve, type TestService } from './servers.ts'

const ROLES = '/latest/meta-data/iam/security-credentials/'
const TOKEN = 'AQAEA=='
const ANSWER = {
  Code: 'Success',
  Type: 'AWS-HMAC',
  AccessKeyId: 'ASIAEC2',
  SecretAccessKey: 'instance-secret',
  Token: 'instance-token',
  Expiration: '2026-01-01T06:00:00Z',
}

/** A service that speaks version 2, but for what is told otherwise. */
function imds(
  replies: Partial<Record<'token' | 'roles' | 'role', Reply>> = {},
): Promise<TestService> {
  return serve(({ method, path, headers }: Received): Reply => {
    if (path === '/latest/api/token') {
      if (replies.token !== undefined) return replies.token
      const ttl = Number(headers['x-aws-ec2-metadata-token-ttl-seconds'])
      return method === 'PUT' && ttl > 0 && ttl <= 21_600 ? TOKEN : { status: 400 }
    }
    if (headers['x-aws-ec2-metadata-token'] !== TOKEN) return { status: 401 }
    if (method !== 'GET') return { status: 405 }
    if (path === ROLES) return replies.roles ?? 'my-role\n'
    if (path === `${ROLES}my-role`) return replies.role ?? JSON.stringify(ANSWER)
    return { status: 404 }
  })
}

function provider(
  { url }: { url: string },
  options: InstanceCredentialsOptions = {},
): ReturnType<typeof instanceCredentials> {
  return instanceCredentials({ endpoint: url, retry: { attempts: 2, baseMs: 0 }, ...options })
}

test('gets a token, the role, and its credentials', async () => {
  const service = await imds()
  expect(await provider(service)()).toEqual({
    accessKeyId: 'ASIAEC2',
    secretAccessKey: 'instance-secret',
    sessionToken: 'instance-token',
    expiration: new Date('2026-01-01T06:00:00Z'),
  })
  expect(service.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'PUT /latest/api/token',
    `GET ${ROLES}`,
    `GET ${ROLES}my-role`,
  ])
})

test('asks 169.254.169.254 unless told otherwise', async () => {
  const urls: string[] = []
  const fetch = async (url: string): Promise<Response> => {
    urls.push(url)
    return new Response(null, { status: 403 })
  }
  await failure(instanceCredentials({ fetch })())
  await failure(instanceCredentials({ fetch, endpoint: 'http://[fd00:ec2::254]' })())
  expect(urls).toEqual([
    'http://169.254.169.254/latest/api/token',
    'http://[fd00:ec2::254]/latest/api/token',
  ])
})

test.each(['http://metadata.example', 'http://169.254.170.2', 'http://169.254.169.253', 'x'])(
  'the endpoint %s is refused at once',
  (endpoint) => {
    expect(() => instanceCredentials({ endpoint })).toThrowError(
      expect.objectContaining({ code: 'invalid-options' }),
    )
  },
)

describe('version 1 is not spoken', () => {
  test.each([404, 405])('where a token is answered with %i', async (status) => {
    const service = await imds({ token: { status } })
    const error = await failure(provider(service)())
    expect(error).toMatchObject({ code: 'not-supported', status })
    expect(error.message).toContain('version 1')
    expect(service.received).toHaveLength(1)
  })
})

test.each<[string, Parameters<typeof imds>[0], object, number]>([
  ['switched off', { token: { status: 403 } }, { code: 'permission-denied', status: 403 }, 1],
  ['overloaded', { token: { status: 503 } }, { code: 'unavailable' }, 2],
  ['an empty token', { token: '' }, { code: 'protocol' }, 1],
  ['a token of two lines', { token: 'a\r\nx: y' }, { code: 'protocol' }, 1],
  ['no role', { roles: { status: 404 } }, { code: 'unauthenticated', status: undefined }, 2],
  ['an empty role', { roles: '' }, { code: 'unauthenticated', status: undefined }, 2],
  ['a role that leads elsewhere', { roles: '../../user-data' }, { code: 'protocol' }, 2],
  ['a web page for a role', { roles: '<html>' }, { code: 'protocol' }, 2],
  ['a role that fails once in a while', { role: { status: 500 } }, { code: 'unavailable' }, 4],
  ['no JSON', { role: '{' }, { code: 'protocol' }, 3],
  [
    'a failure with 200',
    { role: '{"Code":"AssumeRoleUnauthorizedAccess","Message":"S3CRET"}' },
    { code: 'permission-denied', message: expect.stringContaining('AssumeRoleUnauthorizedAccess') },
    3,
  ],
  ['an odd failure', { role: '{"Code":"S3CRET and more"}' }, { code: 'permission-denied' }, 3],
])('%s', async (_, replies, expected, requests) => {
  const service = await imds(replies)
  const error = await failure(provider(service)())
  expect(error).toMatchObject(expected)
  expect(error.message).not.toContain('S3CRET')
  expect(service.received).toHaveLength(requests)
})

describe('nobody there', () => {
  test('is no instance', async () => {
    const error = await failure(provider({ url: await nobody() })())
    expect(error).toMatchObject({ code: 'unauthenticated', status: undefined, retryable: false })
    expect(error.message).toContain('hop limit')
  })

  test('in time', async () => {
    const clock = virtualClock()
    const service = await serve(() => {
      void clock.advance(1000)
      return 'silence'
    })
    const error = await failure(
      instanceCredentials({ endpoint: service.url, clock, retry: { baseMs: 0 } })(),
    )
    expect(error).toMatchObject({ code: 'unauthenticated' })
    expect(service.received).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })

  test('any more is an instance in trouble, and may be tried again', async () => {
    let down = false
    const service = await imds()
    const get = provider(service, {
      fetch: (url, init) =>
        down ? Promise.reject(new TypeError('fetch failed')) : fetch(url, init),
    })
    await get()
    down = true
    expect(await failure(get())).toMatchObject({ code: 'network', retryable: true })
  })
})
