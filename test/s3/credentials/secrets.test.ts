/** Whatever goes wrong, and however it is looked at: none of these words is ever seen. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { defaultChain, profileCredentials, s3FromEnvironment } from '../../../src/node/index.ts'
import {
  assumeRole,
  assumeRoleWithWebIdentity,
  chain,
  containerCredentials,
  environmentCredentials,
  instanceCredentials,
} from '../../../src/s3/credentials/index.ts'
import type { S3Credentials } from '../../../src/s3/credentials.ts'
import { s3Client } from '../../../src/s3/index.ts'
import { putObject } from '../../../src/s3/objects.ts'
import { environmentWith, homeWith } from '../../node/aws-folder.ts'
import { answer, cut, failure, script, xmlError } from '../scripted-fetch.ts'
import { denied, granted, type Received, type Reply, serve } from './servers.ts'

const MARK = 'M4RK3D'
const SOURCE = {
  accessKeyId: 'AKID',
  secretAccessKey: `${MARK}-secret`,
  sessionToken: `${MARK}-session`,
}
const RETRY = { attempts: 2, baseMs: 0 }

function expectNoMark(value: unknown): void {
  const shown = [
    inspect(value, { depth: 20, showHidden: true, showProxy: true, getters: true }),
    JSON.stringify(value),
    String(value),
    ...(value instanceof Error ? [value.stack, JSON.stringify({ ...value })] : []),
  ]
  for (const text of shown) expect(text ?? '').not.toContain(MARK)
}

/** A service that says back whatever it was told, in its own ways of failing. */
const ECHOES: readonly [string, (request: Received) => Reply][] = [
  ['a refusal', (request) => ({ status: 403, body: denied('AccessDenied', said(request)) })],
  ['a refusal of S3', (request) => ({ status: 400, body: xmlError(said(request)) })],
  ['a fault', (request) => ({ status: 500, body: said(request) })],
  ['JSON that is none', (request) => `{"SecretAccessKey":"${MARK}",${said(request)}`],
  ['JSON of another kind', (request) => JSON.stringify([said(request), MARK])],
  [
    'JSON with half of it',
    () => `{"Code":"Success","SecretAccessKey":"${MARK}","Token":"${MARK}","Expiration":"${MARK}"}`,
  ],
  ['a failure with 200', (request) => JSON.stringify({ Code: said(request), Message: MARK })],
  [
    'XML with half of it',
    () => granted('AssumeRole', 1, new Date()).replace('ASIA1', '').replace('role', MARK),
  ],
  ['too much', () => MARK.repeat(50_000)],
  ['a redirect', (request) => ({ status: 302, body: said(request) })],
]

function said({ headers, body }: Received): string {
  const { authorization = '', 'x-amz-security-token': token = '' } = headers
  return `${authorization} ${token} ${headers['x-amz-date'] ?? ''} ${new URLSearchParams(body).get('WebIdentityToken') ?? ''} ${new URLSearchParams(body).get('ExternalId') ?? ''}`
}

const ROLE = { roleArn: 'arn:aws:iam::123456789012:role/r', sessionName: 'job', retry: RETRY }

const PROVIDERS: readonly [string, (url: string) => Promise<() => Promise<S3Credentials>>][] = [
  [
    'assumeRole',
    async (endpoint) =>
      assumeRole({ ...ROLE, endpoint, source: SOURCE, externalId: `${MARK}-external` }),
  ],
  [
    'assumeRole of a function',
    async (endpoint) => assumeRole({ ...ROLE, endpoint, source: () => SOURCE }),
  ],
  [
    'assumeRoleWithWebIdentity',
    async (endpoint) =>
      assumeRoleWithWebIdentity({ ...ROLE, endpoint, token: () => `${MARK}.token.x` }),
  ],
  [
    'containerCredentials',
    async (uri) => containerCredentials({ uri, authorization: () => `${MARK}-a`, retry: RETRY }),
  ],
  ['instanceCredentials', async (endpoint) => instanceCredentials({ endpoint, retry: RETRY })],
  [
    'chain',
    async (endpoint) =>
      chain(environmentCredentials({}), assumeRole({ ...ROLE, endpoint, source: SOURCE })),
  ],
  [
    'profileCredentials',
    async (url) => {
      const env = await environmentWith(
        `[default]\nrole_arn = arn:a\nsource_profile = b\nexternal_id = ${MARK}-external\n` +
          `[profile b]\naws_access_key_id = AKID\naws_secret_access_key = ${MARK}-s\naws_session_token = ${MARK}-t\n`,
      )
      return profileCredentials({ env: { ...env, AWS_ENDPOINT_URL_STS: url }, retry: RETRY })
    },
  ],
  [
    'defaultChain with a web identity',
    async (url) => {
      const home = await homeWith({ token: `${MARK}.token.x` })
      const env = {
        HOME: home,
        AWS_WEB_IDENTITY_TOKEN_FILE: join(home, 'token'),
        AWS_ROLE_ARN: ROLE.roleArn,
        AWS_ENDPOINT_URL_STS: url,
      }
      return defaultChain({ env, retry: RETRY })
    },
  ],
  [
    'defaultChain in a container',
    async (url) => {
      const env = {
        HOME: '/nonexistent',
        AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: `${MARK}-a`,
      }
      return defaultChain({ env, retry: RETRY })
    },
  ],
]

describe.each(PROVIDERS)('%s', (_, make) => {
  test.each(ECHOES)('shows nothing after %s', async (_, echo) => {
    const provider = await make((await serve(echo)).url)
    expectNoMark(provider)
    expectNoMark(await failure(provider()))
    expectNoMark(provider)
  })

  test('shows nothing where the connection fails', async () => {
    const provider = await make('http://127.0.0.1:1')
    expectNoMark(await failure(provider()))
  })
})

describe('what is set up wrong', () => {
  test('in the environment', async () => {
    const env = { AWS_SECRET_ACCESS_KEY: MARK, AWS_SESSION_TOKEN: MARK }
    const provider = environmentCredentials(env)
    expectNoMark(provider)
    expectNoMark(await failure(provider()))
  })

  test.each([
    `[default]\naws_secret_access_key = ${MARK}\n`,
    `[default]\naws_secret_access_key ${MARK}\n`,
    `[default]\ncredential_process = "x ${MARK}\n`,
    `[default]\ncredential_process = "${process.execPath}" -e throw(${MARK})\n`,
    `[default]\ncredential_process = "${process.execPath}" -p '"${MARK}"'\n`,
    `[default]\ncredential_process = /nonexistent/x ${MARK}\n`,
  ])('in a profile: %j', async (text) => {
    const provider = profileCredentials({ env: await environmentWith('', text) })
    expectNoMark(provider)
    expectNoMark(await failure(provider()))
  })

  test.each(['container', 'web'])('in the file of a token: %s', async (kind) => {
    const home = await homeWith({})
    await writeFile(join(home, 'token'), `${MARK}\r\nx: ${MARK}`.repeat(kind === 'web' ? 2000 : 1))
    const env: Record<string, string> = { HOME: home, AWS_EC2_METADATA_DISABLED: 'true' }
    if (kind === 'web') {
      Object.assign(env, {
        AWS_WEB_IDENTITY_TOKEN_FILE: join(home, 'token'),
        AWS_ROLE_ARN: ROLE.roleArn,
      })
    } else {
      Object.assign(env, {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1',
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(home, 'token'),
      })
    }
    expectNoMark(await failure(defaultChain({ env })()))
  })
})

describe('a client', () => {
  test.each<[string, () => S3Credentials]>([
    ['of kept credentials', () => ({ ...SOURCE, expiration: new Date(Date.now() + 3_600_000) })],
    ['of credentials that end at once', () => ({ ...SOURCE, expiration: new Date(0) })],
    ['of a token in two lines', () => ({ ...SOURCE, sessionToken: `${MARK}\r\nx: y` })],
    ['of a secret in two lines', () => ({ ...SOURCE, secretAccessKey: `${MARK}\n` })],
    ['of half of them', () => ({ ...SOURCE, accessKeyId: '' })],
  ])('%s', async (_, credentials) => {
    const steps = [cut, cut, answer(400, xmlError('ExpiredToken')), answer(403)]
    const plan = script(steps, { credentials, retry: RETRY })
    const client = s3Client(plan.options)
    expectNoMark(client)
    for (let n = 0; n < 3; n++) {
      expectNoMark(await failure(putObject(client, 'key', new Uint8Array([1]))))
    }
    expectNoMark(client)
  })

  test('of the environment', async () => {
    const env = {
      AWS_ACCESS_KEY_ID: 'AKID',
      AWS_SECRET_ACCESS_KEY: MARK,
      AWS_SESSION_TOKEN: MARK,
      SLUICE_S3_ENDPOINT: 'http://127.0.0.1:1',
    }
    const store = s3FromEnvironment({ bucket: 'bucket', env, retry: RETRY })
    expectNoMark(store)
    expectNoMark(await failure(store.head('key')))
  })
})
