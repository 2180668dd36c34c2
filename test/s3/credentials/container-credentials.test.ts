import { describe, expect, test } from 'vitest'
import {
  type ContainerCredentialsOptions,
  containerCredentials,
} from '../../../src/s3/credentials/container-credentials.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { failure } from '../scripted-fetch.ts'
import { type Reply, serve } from './servers.ts'

const ANSWER = {
  AccessKeyId: 'ASIATASK',
  SecretAccessKey: 'task-secret',
  Token: 'task-token',
  Expiration: '2026-01-01T06:00:00Z',
  RoleArn: 'arn:aws:iam::123456789012:role/task',
}
const CREDENTIALS = {
  accessKeyId: 'ASIATASK',
  secretAccessKey: 'task-secret',
  sessionToken: 'task-token',
  expiration: new Date('2026-01-01T06:00:00Z'),
}
const json = JSON.stringify(ANSWER)

/** Where a request would have gone. */
async function asked(options: ContainerCredentialsOptions): Promise<string[]> {
  const urls: string[] = []
  const fetch = async (url: string): Promise<Response> => {
    urls.push(url)
    return new Response(json)
  }
  await containerCredentials({ ...options, fetch })()
  return urls
}

test('gives what the agent says, whose token is asked for each time', async () => {
  let number = 0
  const agent = await serve(() => json)
  const provider = containerCredentials({
    uri: `${agent.url}/v1/credentials`,
    authorization: () => `Bearer-${++number}\n`,
  })
  expect(await provider()).toEqual(CREDENTIALS)
  await provider()
  expect(agent.received).toMatchObject([
    { method: 'GET', path: '/v1/credentials', headers: { authorization: 'Bearer-1' } },
    { headers: { authorization: 'Bearer-2' } },
  ])
})

test('asks without a token where there is none', async () => {
  const agent = await serve(() => json)
  await containerCredentials({ uri: `${agent.url}/x` })()
  expect(agent.received[0]?.headers.authorization).toBeUndefined()
})

describe('an address', () => {
  test.each([
    ['/v2/credentials/id', 'http://169.254.170.2/v2/credentials/id'],
    ['//elsewhere.example/x', 'http://169.254.170.2//elsewhere.example/x'],
    ['http://169.254.170.2/x', 'http://169.254.170.2/x'],
    ['http://169.254.170.23/v1/credentials', 'http://169.254.170.23/v1/credentials'],
    ['http://[fd00:ec2::23]/v1/credentials', 'http://[fd00:ec2::23]/v1/credentials'],
    ['http://localhost:1338/x?a=b', 'http://localhost:1338/x?a=b'],
    ['https://credentials.example/x', 'https://credentials.example/x'],
  ])('%s is asked', async (uri, url) => {
    expect(await asked({ uri })).toEqual([url])
  })

  test.each([
    'http://credentials.example/x',
    'http://169.254.169.254/x',
    'http://169.254.170.3/x',
    'http://169.254.170.2.example/x',
    'http://user:S3CRET@169.254.170.2/x',
    'file:///etc/passwd',
    'v2/credentials',
    '',
  ])('%j is refused at once', (uri) => {
    const make = (): unknown => containerCredentials({ uri })
    expect(make).toThrowError(expect.objectContaining({ code: 'invalid-options' }))
    expect(make).toThrowError(expect.not.stringContaining('S3CRET'))
  })
})

test.each([
  ['of two lines', () => 'S3CRET\r\nx: y'],
  ['that is empty', () => ' '],
  ['that cannot be had', () => Promise.reject(new Error('no file'))],
])('a token %s is refused', async (_, authorization) => {
  const agent = await serve(() => json)
  const error = await failure(containerCredentials({ uri: agent.url, authorization })())
  expect(error).toMatchObject({ code: 'invalid-options' })
  expect(error.message).not.toContain('S3CRET')
  expect(agent.received).toHaveLength(0)
})

test.each<[string, Reply, string, number]>([
  ['403', { status: 403, body: json }, 'permission-denied', 1],
  ['404', { status: 404 }, 'permission-denied', 1],
  ['401', { status: 401 }, 'unauthenticated', 1],
  ['503', { status: 503 }, 'unavailable', 2],
  ['429', { status: 429 }, 'slow-down', 2],
  ['no JSON', json.slice(0, -2), 'protocol', 1],
  ['a text', '"S3CRET"', 'protocol', 1],
  ['deep nesting', '['.repeat(60_000), 'protocol', 1],
  ['no key', '{"SecretAccessKey":"S3CRET"}', 'protocol', 1],
  ['a key that is a number', json.replace('"ASIATASK"', '1'), 'protocol', 1],
  ['an odd end', json.replace('2026-01-01T06:00:00Z', 'January'), 'protocol', 1],
  ['too much', JSON.stringify({ ...ANSWER, more: 'x'.repeat(70_000) }), 'protocol', 1],
])('%s', async (_, reply, code, attempts) => {
  const agent = await serve(() => reply)
  const error = await failure(
    containerCredentials({ uri: agent.url, retry: { attempts: 2, baseMs: 0 } })(),
  )
  expect(error).toMatchObject({ code })
  expect(agent.received).toHaveLength(attempts)
})

test('silence ends after a second, twice', async () => {
  const clock = virtualClock()
  const agent = await serve(() => {
    void clock.advance(1000)
    return 'silence'
  })
  const options = { uri: agent.url, clock, retry: { baseMs: 0 } }
  expect(await failure(containerCredentials(options)())).toMatchObject({ code: 'timeout' })
  expect(agent.received).toHaveLength(2)
})

test('credentials without an end are given without one', async () => {
  const agent = await serve(() => JSON.stringify({ ...ANSWER, Expiration: undefined }))
  const given = await containerCredentials({ uri: agent.url })()
  expect(given.expiration).toBeUndefined()
})
