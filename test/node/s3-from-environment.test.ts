import { describe, expect, test } from 'vitest'
import type { Environment } from '../../src/node/index.ts'
import {
  type S3FromEnvironmentOptions,
  s3ClientFromEnvironment,
  s3FromEnvironment,
} from '../../src/node/s3-from-environment.ts'
import { GENERIC_PROVIDER } from '../../src/s3/provider.ts'
import { failure } from '../s3/scripted-fetch.ts'

const KEYS = { AWS_ACCESS_KEY_ID: 'key-id', AWS_SECRET_ACCESS_KEY: 'the-secret' }

/** The request that the store sends, as far as the environment decides it. */
async function sent(
  env: Environment,
  options: Partial<S3FromEnvironmentOptions> = {},
): Promise<{ origin: string; scope: string; token: string | null }> {
  const requests: [string, RequestInit][] = []
  const store = s3FromEnvironment({
    bucket: 'my-bucket',
    env: { ...KEYS, ...env },
    retry: { attempts: 1 },
    async fetch(url, init) {
      requests.push([url, init])
      return new Response(null, { status: 404 })
    },
    ...options,
  })
  await store.head('key')
  const [url = '', init] = requests[0] ?? []
  const headers = new Headers(init?.headers)
  return {
    origin: new URL(url).origin,
    scope: /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers.get('authorization') ?? '')?.[1] ?? '',
    token: headers.get('x-amz-security-token'),
  }
}

describe('s3FromEnvironment', () => {
  test('is AWS in us-east-1 unless told otherwise', async () => {
    expect(await sent({})).toEqual({
      origin: 'https://my-bucket.s3.us-east-1.amazonaws.com',
      scope: 'us-east-1',
      token: null,
    })
  })

  test('asks the variables in their order, and passes over empty ones', async () => {
    const all = {
      SLUICE_S3_ENDPOINT: 'https://one.example',
      AWS_ENDPOINT_URL_S3: 'https://two.example',
      AWS_ENDPOINT_URL: 'https://three.example',
      AWS_REGION: 'eu-one',
      AWS_DEFAULT_REGION: 'eu-two',
      AWS_SESSION_TOKEN: 'token',
    }
    expect(await sent(all)).toEqual({
      origin: 'https://one.example',
      scope: 'eu-one',
      token: 'token',
    })
    const fewer = { ...all, SLUICE_S3_ENDPOINT: '', AWS_REGION: '', AWS_SESSION_TOKEN: '' }
    expect(await sent(fewer)).toEqual({
      origin: 'https://two.example',
      scope: 'eu-two',
      token: null,
    })
    expect(await sent({ ...fewer, AWS_ENDPOINT_URL_S3: '' })).toMatchObject({
      origin: 'https://three.example',
    })
  })

  test('goes to the kind of AWS’s endpoints that is demanded', async () => {
    const env = { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'True' }
    const there = 's3-fips.dualstack.us-gov-west-1.amazonaws.com'
    expect(await sent({ ...env, AWS_REGION: 'us-gov-west-1' })).toMatchObject({
      origin: `https://my-bucket.${there}`,
    })
    const dotted = { bucket: 'my.bucket', region: 'us-gov-west-1' }
    expect(await sent(env, dotted)).toMatchObject({ origin: `https://${there}` })
    const off = { AWS_USE_FIPS_ENDPOINT: 'false', AWS_USE_DUALSTACK_ENDPOINT: '' }
    expect(await sent(off)).toMatchObject({
      origin: 'https://my-bucket.s3.us-east-1.amazonaws.com',
    })
  })

  test('takes an option before a variable', async () => {
    const env = { AWS_ENDPOINT_URL: 'https://one.example', AWS_REGION: 'eu-one' }
    expect(await sent(env, { endpoint: 'https://two.example', region: 'eu-two' })).toMatchObject({
      origin: 'https://two.example',
      scope: 'eu-two',
    })
  })

  test.each([
    [
      { AWS_REGION: 'cn-north-1' },
      'https://my-bucket.s3.cn-north-1.amazonaws.com.cn',
      'cn-north-1',
    ],
    [{ AWS_ENDPOINT_URL: 'https://a.r2.cloudflarestorage.com' }, undefined, 'auto'],
    [{ AWS_ENDPOINT_URL: 'https://s3.us-west-004.backblazeb2.com' }, undefined, 'us-west-004'],
    [
      { AWS_ENDPOINT_URL: 'https://oss-cn-hangzhou.aliyuncs.com' },
      'https://my-bucket.oss-cn-hangzhou.aliyuncs.com',
      'cn-hangzhou',
    ],
  ])('knows a provider by its host: %j', async (env, origin, scope) => {
    const { AWS_ENDPOINT_URL } = env as Record<string, string>
    expect(await sent(env)).toMatchObject({ origin: origin ?? AWS_ENDPOINT_URL, scope })
  })

  test('has the capabilities of the provider, or of the one that is given', () => {
    const env = { ...KEYS, AWS_ENDPOINT_URL: 'https://storage.googleapis.com' }
    const { conditionalPut } = s3FromEnvironment({ bucket: 'my-bucket', env }).capabilities
    expect(conditionalPut).toBe(false)
    const provider = GENERIC_PROVIDER
    expect(s3ClientFromEnvironment({ bucket: 'my-bucket', env, provider }).provider).toBe(provider)
  })

  test('takes given credentials before those of the environment', async () => {
    const credentials = { accessKeyId: 'mine', secretAccessKey: 'x', sessionToken: 'my-token' }
    expect(await sent({}, { credentials })).toMatchObject({ token: 'my-token' })
  })

  test('sends nothing before its first request, which then says where it looked', async () => {
    const env = { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' }
    const store = s3FromEnvironment({ bucket: 'my-bucket', env })
    const error = await failure(store.head('key'))
    expect(error).toMatchObject({ code: 'unauthenticated', retryable: false })
    expect(error.message).toContain('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; ')
  })
})
