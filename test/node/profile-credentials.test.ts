import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { profileCredentials } from '../../src/node/profile-credentials.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { granted, type Received, serve, signatureFault } from '../s3/credentials/servers.ts'
import { failure } from '../s3/scripted-fetch.ts'
import { environmentWith, homeWith } from './aws-folder.ts'

const END = new Date('2026-01-01T01:00:00Z')
const keys = (name: string): string =>
  `aws_access_key_id = AKID-${name}\naws_secret_access_key = SECRET-${name}\n`
const of = (name: string): object => ({
  accessKeyId: `AKID-${name}`,
  secretAccessKey: `SECRET-${name}`,
})

describe('the files', () => {
  test('are two, of which the credentials count more', async () => {
    const env = await environmentWith(
      `[default]\nregion = eu-west-1\n[profile both]\n${keys('config')}[profile "in quotes"]\n${keys('q')}`,
      `[default]\n${keys('default')}[both]\n${keys('both')}aws_session_token = token\n`,
    )
    expect(await profileCredentials({ env })()).toMatchObject(of('default'))
    expect(await profileCredentials({ env, profile: 'both' })()).toMatchObject({
      ...of('both'),
      sessionToken: 'token',
    })
    expect(await profileCredentials({ env, profile: 'in quotes' })()).toMatchObject(of('q'))
    expect(await profileCredentials({ env: { ...env, AWS_PROFILE: 'both' } })()).toMatchObject(
      of('both'),
    )
  })

  test('may lie elsewhere', async () => {
    const home = await homeWith({ a: `[profile x]\n${keys('a')}`, b: `[y]\n${keys('b')}` })
    const env = { AWS_CONFIG_FILE: join(home, 'a'), AWS_SHARED_CREDENTIALS_FILE: join(home, 'b') }
    expect(await profileCredentials({ env, profile: 'x' })()).toMatchObject(of('a'))
    expect(await profileCredentials({ env, profile: 'y' })()).toMatchObject(of('b'))
  })

  test('are read again each time', async () => {
    const env = await environmentWith('', `[default]\n${keys('one')}`)
    const provider = profileCredentials({ env })
    expect(await provider()).toMatchObject(of('one'))
    await writeFile(join(env.HOME ?? '', '.aws/credentials'), `[default]\n${keys('two')}`)
    expect(await provider()).toMatchObject(of('two'))
  })

  test('are read as the AWS tools do', async () => {
    const text = [
      '\ufeff# a comment',
      '; another',
      '',
      '[default] # of the section',
      'AWS_Access_Key_Id=AKID-x ; of the setting',
      's3 =',
      '  aws_secret_access_key = nested, so not this one',
      '  # of nobody',
      'aws_secret_access_key = a#b;c="d" ',
      '[sso-session default]',
      'aws_access_key_id = no profile',
      '[profile]',
      'aws_access_key_id = no profile either',
      '[profile inside]',
      '  aws_access_key_id = AKID-inside',
      '  aws_secret_access_key = SECRET-inside',
      '[profile __proto__]',
      'aws_access_key_id = AKID-proto',
      'aws_secret_access_key = SECRET-proto',
    ].join('\r\n')
    const env = await environmentWith(text)
    expect(await profileCredentials({ env })()).toMatchObject({
      accessKeyId: 'AKID-x',
      secretAccessKey: 'a#b;c="d"',
    })
    expect(await profileCredentials({ env, profile: 'inside' })()).toMatchObject(of('inside'))
    expect(await profileCredentials({ env, profile: '__proto__' })()).toMatchObject(of('proto'))
  })

  test.each([
    ['a line that is nothing', '[default]\nS3CRET\n', 'line 2 is no'],
    ['a setting of no section', 'aws_secret_access_key = S3CRET\n', 'line 1 is no'],
    ['a section that is not closed', '[S3CRET\n', 'line 1 is no'],
    ['more than 1 MiB', `[default]\na = ${'S3CRET'.repeat(200_000)}`, 'more than 1048576 bytes'],
  ])('are refused for %s, which is not repeated', async (_, text, message) => {
    const env = await environmentWith('', text)
    const error = await failure(profileCredentials({ env })())
    expect(error).toMatchObject({ code: 'invalid-options' })
    expect(error.message).toContain(join('.aws', 'credentials'))
    expect(error.message).toContain(message)
    expect(error.message).not.toContain('S3CRET')
  })

  test('that are absent are no credentials, and a mistake where a profile is named', async () => {
    const env = { HOME: await homeWith({}) }
    const error = await failure(profileCredentials({ env })())
    expect(error).toMatchObject({ code: 'unauthenticated' })
    expect(error.message).toMatch(/no profile "default" in .*config \(absent\) and .*\(absent\)/)
    for (const options of [{ profile: 'x' }, { env: { ...env, AWS_PROFILE: 'x' } }]) {
      expect(await failure(profileCredentials({ env, ...options })())).toMatchObject({
        code: 'invalid-options',
        message: expect.stringContaining('"x"'),
      })
    }
  })

  test('that cannot be read count as empty, and say so', async () => {
    const env = { HOME: await homeWith({ '.aws/config/a': '', '.aws/credentials': '' }) }
    const error = await failure(profileCredentials({ env })())
    expect(error).toMatchObject({ code: 'unauthenticated' })
    expect(error.message).toContain('(EISDIR)')
  })
})

/** STS that gives `ASIA1`, `ASIA2`, …, as it is called. */
function startSts(): ReturnType<typeof serve> {
  let number = 0
  return serve(({ body }) => granted(new URLSearchParams(body).get('Action') ?? '', ++number, END))
}

const field = (request: Received | undefined, name: string): string | null =>
  new URLSearchParams(request?.body).get(name)

describe('roles', () => {
  test('over a source_profile, in another file', async () => {
    const sts = await startSts()
    const env = await environmentWith(
      [
        '[profile job]',
        'role_arn = arn:aws:iam::1:role/job',
        'source_profile = base',
        'role_session_name = nightly',
        'external_id = ext',
        'duration_seconds = 900',
        'region = eu-north-1',
      ].join('\n'),
      `[base]\n${keys('base')}`,
    )
    const clock = virtualClock()
    const options = { env: { ...env, AWS_ENDPOINT_URL_STS: sts.url }, profile: 'job', clock }
    expect(await profileCredentials(options)()).toMatchObject({
      accessKeyId: 'ASIA1',
      expiration: END,
    })
    const [request] = sts.received as [Received]
    const signer = { accessKeyId: 'AKID-base', secretAccessKey: 'SECRET-base' }
    expect(signatureFault(request, signer, 'eu-north-1', clock.now())).toBeUndefined()
    expect(Object.fromEntries(new URLSearchParams(request.body))).toMatchObject({
      RoleArn: 'arn:aws:iam::1:role/job',
      RoleSessionName: 'nightly',
      ExternalId: 'ext',
      DurationSeconds: '900',
    })
  })

  test('over roles', async () => {
    const sts = await startSts()
    const env = await environmentWith(
      '[profile a]\nrole_arn = arn:a\nsource_profile = b\n' +
        '[profile b]\nrole_arn = arn:b\nsource_profile = c\n' +
        `[profile c]\n${keys('c')}role_arn = arn:c\nsource_profile = a\n`,
    )
    const options = { env: { ...env, AWS_ENDPOINT_URL_STS: sts.url, AWS_REGION: 'eu-x-1' } }
    expect(await profileCredentials({ ...options, profile: 'a' })()).toMatchObject({
      accessKeyId: 'ASIA2',
    })
    expect(sts.received.map((request) => field(request, 'RoleArn'))).toEqual(['arn:b', 'arn:a'])
    expect(sts.received.map(({ headers }) => headers.authorization)).toEqual([
      expect.stringMatching(/Credential=AKID-c\/\d+\/eu-x-1\/sts/),
      expect.stringMatching(/Credential=ASIA1\/\d+\/eu-x-1\/sts/),
    ])
  })

  test('over its own keys', async () => {
    const sts = await startSts()
    const env = await environmentWith(
      `[profile a]\nrole_arn = arn:a\nsource_profile = a\n${keys('a')}`,
    )
    const options = { env: { ...env, AWS_ENDPOINT_URL_STS: sts.url }, profile: 'a' }
    expect(await profileCredentials(options)()).toMatchObject({ accessKeyId: 'ASIA1' })
  })

  test('over the environment', async () => {
    const sts = await startSts()
    const env = {
      ...(await environmentWith('[default]\nrole_arn = arn:a\ncredential_source = Environment\n')),
      AWS_ENDPOINT_URL_STS: sts.url,
      AWS_ACCESS_KEY_ID: 'AKID-env',
      AWS_SECRET_ACCESS_KEY: 'SECRET-env',
    }
    await profileCredentials({ env })()
    expect(sts.received[0]?.headers.authorization).toContain('Credential=AKID-env/')
  })

  test('over the container', async () => {
    const sts = await startSts()
    const agent = await serve(() => '{"AccessKeyId":"ASIATASK","SecretAccessKey":"x"}')
    const env = {
      ...(await environmentWith('[default]\nrole_arn = arn:a\ncredential_source = EcsContainer\n')),
      AWS_ENDPOINT_URL_STS: sts.url,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.url}/x`,
    }
    await profileCredentials({ env })()
    expect(sts.received[0]?.headers.authorization).toContain('Credential=ASIATASK/')
  })

  test('with a web identity', async () => {
    const sts = await startSts()
    const home = await homeWith({ token: 'a.b.c\n' })
    const env = {
      ...(await environmentWith(
        `[default]\nrole_arn = arn:a\nweb_identity_token_file = ${join(home, 'token')}\n`,
      )),
      AWS_ENDPOINT_URL_STS: sts.url,
    }
    await profileCredentials({ env })()
    expect(field(sts.received[0], 'WebIdentityToken')).toBe('a.b.c')
    expect(sts.received[0]?.headers.authorization).toBeUndefined()
  })

  test.each([
    [
      'a loop',
      'a → b → a',
      'source_profile = b\n[profile b]\nrole_arn = arn:b\nsource_profile = a',
    ],
    ['itself without keys', 'a → a', 'source_profile = a'],
    ['a source that is not there', '"x", which is not there', 'source_profile = x'],
    [
      'a source without credentials',
      'has no credentials',
      'source_profile = b\n[profile b]\nregion = x',
    ],
    ['two sources', 'both', 'source_profile = b\ncredential_source = Environment'],
    ['a source nobody knows', 'none of Environment', 'credential_source = Moon'],
    ['a source that is not set up', 'are not set', 'credential_source = Environment'],
    ['no source', 'nobody to take it on', ''],
    [
      'a length that is none',
      'durationMs',
      `duration_seconds = long\nsource_profile = b\n[profile b]\n${keys('b')}`,
    ],
    ['a token file that is absent', '(absent)', 'web_identity_token_file = /nonexistent/token'],
  ])('with %s are refused', async (_, message, text) => {
    const env = await environmentWith(`[profile a]\nrole_arn = arn:a\n${text}\n`)
    const error = await failure(profileCredentials({ env, profile: 'a' })())
    expect(error).toMatchObject({ code: 'invalid-options' })
    expect(error.message).toContain(message)
  })

  test.each([
    ['mfa_serial = arn:mfa\nrole_arn = arn:a\nsource_profile = b', 'mfa_serial'],
    ['sso_session = s', 'sso_session'],
    ['sso_start_url = https://x', 'sso_start_url'],
    ['login_session = arn:x', 'login_session'],
  ])('that somebody must sign in for are refused, with what to do: %s', async (text, setting) => {
    const env = await environmentWith(`[profile a]\n${text}\n[profile b]\n${keys('b')}`)
    const error = await failure(profileCredentials({ env, profile: 'a' })())
    expect(error).toMatchObject({ code: 'not-supported' })
    expect(error.message).toContain(setting)
    expect(error.message).toContain('aws configure export-credentials')
  })
})

describe('credential_process', () => {
  /** A profile whose command is this program, with these words after it. */
  async function program(code: string, words = ''): Promise<Record<string, string>> {
    const home = await homeWith({ 'a folder/program.mjs': code })
    const line = `"${process.execPath}" "${join(home, 'a folder', 'program.mjs')}" ${words}`
    return environmentWith(`[default]\ncredential_process = ${line}\n`)
  }
  const print = (value: string): string => `process.stdout.write(JSON.stringify(${value}))`

  test('is run without a shell, with its words as they are', async () => {
    const env = await program(
      print(
        '{ Version: 1, AccessKeyId: "AKID", SecretAccessKey: process.argv.slice(2).join("|") }',
      ),
      `plain "two words" '$HOME "x"' $(id) > x ~ a;b && "" \\"`,
    )
    expect((await profileCredentials({ env })()).secretAccessKey).toBe(
      'plain|two words|$HOME "x"|$(id)|>|x|~|a;b|&&||"',
    )
  })

  test('gives an end, or is asked again after an hour', async () => {
    const clock = virtualClock()
    const fixed = '{ Version: 1, AccessKeyId: "A", SecretAccessKey: "S", SessionToken: "T"'
    const ends = await program(print(`${fixed}, Expiration: "2026-01-01T00:30:00Z" }`))
    const endless = await program(print(`${fixed} }`))
    expect(await profileCredentials({ env: ends, clock })()).toEqual({
      accessKeyId: 'A',
      secretAccessKey: 'S',
      sessionToken: 'T',
      expiration: new Date('2026-01-01T00:30:00Z'),
    })
    expect((await profileCredentials({ env: endless, clock })()).expiration).toEqual(END)
    expect(clock.pending).toBe(0)
  })

  test.each([
    [
      'fails',
      'console.log("S3CRET"); console.error("S3CRET"); process.exit(3)',
      'permission-denied',
      'status 3',
    ],
    ['prints no JSON', 'console.log("S3CRET")', 'protocol', 'no JSON'],
    [
      'prints another version',
      print('{ Version: 2, AccessKeyId: "A", SecretAccessKey: "S3CRET" }'),
      'protocol',
      'version',
    ],
    ['prints no key', print('{ Version: 1, SecretAccessKey: "S3CRET" }'), 'protocol', 'access key'],
    ['prints too much', print('"S3CRET".repeat(20000)'), 'protocol', 'too much'],
  ])('that %s is an error, which repeats nothing of it', async (_, code, expected, message) => {
    const error = await failure(profileCredentials({ env: await program(code, 'S3CRET') })())
    expect(error).toMatchObject({ code: expected })
    expect(error.message).toContain('credential_process of the profile "default"')
    expect(error.message).toContain(message)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('S3CRET')
  })

  test('that is not there', async () => {
    const env = await environmentWith('[default]\ncredential_process = /nonexistent/x S3CRET\n')
    const error = await failure(profileCredentials({ env })())
    expect(error).toMatchObject({ code: 'invalid-options' })
    expect(error.message).toContain('ENOENT')
  })

  test.each(['"a b', "a 'b", '""'])('the command line %j is refused', async (line) => {
    const env = await environmentWith(`[default]\ncredential_process = ${line}\n`)
    expect(await failure(profileCredentials({ env })())).toMatchObject({ code: 'invalid-options' })
  })

  test('that does not end is ended', async () => {
    const clock = virtualClock()
    const env = await program('setInterval(() => {}, 1000)')
    const failing = failure(profileCredentials({ env, clock })())
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(60_000)
    expect(await failing).toMatchObject({ code: 'timeout' })
  })

  test('that reads its standard input finds none', async () => {
    const env = await program(
      `for await (const _ of process.stdin);${print('{ Version: 1, AccessKeyId: "A", SecretAccessKey: "S" }')}`,
    )
    expect(await profileCredentials({ env })()).toMatchObject({ accessKeyId: 'A' })
  })
})
