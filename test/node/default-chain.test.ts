import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { defaultChain } from '../../src/node/default-chain.ts'
import { granted, serve } from '../s3/credentials/servers.ts'
import { failure } from '../s3/scripted-fetch.ts'
import { environmentWith, homeWith } from './aws-folder.ts'

const END = new Date('2026-01-01T01:00:00Z')

/** An environment in which every source is set up, on servers of this machine. */
async function everything(): Promise<Record<string, string>> {
  const sts = await serve(() => granted('AssumeRoleWithWebIdentity', 1, END))
  const agent = await serve(({ headers }) =>
    headers.authorization === 'agent-token'
      ? '{"AccessKeyId":"from-container","SecretAccessKey":"x"}'
      : { status: 403 },
  )
  const instance = await serve(({ method, path }) =>
    method === 'PUT'
      ? 'token'
      : path.endsWith('/')
        ? 'role'
        : '{"AccessKeyId":"from-instance","SecretAccessKey":"x"}',
  )
  const files = await homeWith({ web: 'a.b.c', agent: 'agent-token\n' })
  return {
    ...(await environmentWith(
      '',
      '[default]\naws_access_key_id = from-profile\naws_secret_access_key = x\n',
    )),
    AWS_ACCESS_KEY_ID: 'from-environment',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_WEB_IDENTITY_TOKEN_FILE: join(files, 'web'),
    AWS_ROLE_ARN: 'arn:role',
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: agent.url,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: 'not this one',
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(files, 'agent'),
    AWS_EC2_METADATA_SERVICE_ENDPOINT: instance.url,
    AWS_EC2_METADATA_DISABLED: 'false',
  }
}

describe('defaultChain', () => {
  test('asks in the order of AWS', async () => {
    const env: Record<string, string | undefined> = await everything()
    const found = async (): Promise<string> => (await defaultChain({ env })()).accessKeyId
    const order: string[] = []
    for (const gone of [
      ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
      ['AWS_WEB_IDENTITY_TOKEN_FILE'],
      ['HOME'],
      ['AWS_CONTAINER_CREDENTIALS_FULL_URI'],
    ]) {
      order.push(await found())
      for (const name of gone) env[name] = name === 'HOME' ? '/nonexistent' : ''
    }
    order.push(await found())
    expect(order).toEqual([
      'from-environment',
      'ASIA1',
      'from-profile',
      'from-container',
      'from-instance',
    ])
    env.AWS_EC2_METADATA_DISABLED = 'TRUE'
    const error = await failure(defaultChain({ env })())
    expect(error).toMatchObject({ code: 'unauthenticated' })
    expect(error.message.match(/; /g)).toHaveLength(4)
  })

  test('a source that is set up and fails ends it, with its name', async () => {
    const env = { ...(await everything()), AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }
    const failing = async (more: Record<string, string>): Promise<unknown> => {
      const { code, message } = await failure(defaultChain({ env: { ...env, ...more } })())
      return `${code}: ${message}`
    }
    expect(await failing({ AWS_ACCESS_KEY_ID: 'x' })).toBe(
      'invalid-options: AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: set both',
    )
    expect(await failing({ AWS_ROLE_ARN: '' })).toMatch(/^invalid-options: .*AWS_ROLE_ARN is not/)
    expect(await failing({ AWS_WEB_IDENTITY_TOKEN_FILE: '/nonexistent' })).toMatch(
      /^invalid-options: The web identity token cannot be read from \/nonexistent \(absent\)/,
    )
    const noWeb = { AWS_WEB_IDENTITY_TOKEN_FILE: '' }
    expect(await failing({ ...noWeb, AWS_PROFILE: 'x' })).toMatch(/^invalid-options: .*"x"/)
    const noProfile = { ...noWeb, HOME: '/nonexistent' }
    expect(await failing({ ...noProfile, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '' })).toMatch(
      /^permission-denied: .*container was answered 403 \(before that: .*not set; .*\)$/,
    )
  })

  test('the relative path of a container counts before the full one, and goes to ECS', async () => {
    const urls: string[] = []
    const env = {
      HOME: '/nonexistent',
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/id',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://localhost/x',
    }
    const fetch = async (url: string): Promise<Response> => {
      urls.push(url)
      return new Response('{"AccessKeyId":"a","SecretAccessKey":"b"}')
    }
    await defaultChain({ env, fetch })()
    expect(urls).toEqual(['http://169.254.170.2/v2/id'])
  })

  test('the instance is asked over IPv6 where the environment says so', async () => {
    const urls: string[] = []
    const env = { HOME: '/nonexistent', AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: 'IPv6' }
    const fetch = async (url: string): Promise<Response> => {
      urls.push(url)
      return new Response(null, { status: 403 })
    }
    expect(await failure(defaultChain({ env, fetch })())).toMatchObject({
      code: 'permission-denied',
    })
    expect(urls).toEqual(['http://[fd00:ec2::254]/latest/api/token'])
  })

  test('with keys in the environment, no other variable but AWS’s own is read', async () => {
    const read: string[] = []
    const env = new Proxy<Record<string, string>>(
      { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
      {
        get(target, name) {
          read.push(String(name))
          return target[String(name)]
        },
      },
    )
    await defaultChain({ env })()
    expect(read.filter((name) => !name.startsWith('AWS_'))).toEqual([])
  })
})
