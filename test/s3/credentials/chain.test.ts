import { describe, expect, test } from 'vitest'
import { SluiceError } from '../../../src/core/errors.ts'
import { chain } from '../../../src/s3/credentials/chain.ts'
import { environmentCredentials } from '../../../src/s3/credentials/environment-credentials.ts'
import type { S3Credentials } from '../../../src/s3/credentials.ts'
import { failure } from '../scripted-fetch.ts'

const of = (accessKeyId: string): S3Credentials => ({ accessKeyId, secretAccessKey: 'SECRET' })
const none = (message: string): SluiceError => new SluiceError('unauthenticated', message)

describe('chain', () => {
  test('asks in order, and from then on the one that had some', async () => {
    const asked: string[] = []
    let has = false
    const source = (name: string, given: () => boolean) => (): S3Credentials => {
      asked.push(name)
      if (!given()) throw none(name)
      return of(name)
    }
    const provider = chain(
      source('a', () => false),
      source('b', () => has),
      source('c', () => !has),
    )
    expect(await provider()).toEqual(of('c'))
    has = true
    expect(await provider()).toEqual(of('b'))
    expect(await provider()).toEqual(of('b'))
    expect(asked).toEqual(['a', 'b', 'c', 'c', 'a', 'b', 'b'])
  })

  test('takes fixed credentials', async () => {
    expect(await chain(of('a'), of('b'))()).toEqual(of('a'))
  })

  test('says what each source said when none has any', async () => {
    const error = await failure(
      chain(
        () => Promise.reject(none('this is not set')),
        () => Promise.reject(none('that is not there')),
      )(),
    )
    expect(error).toMatchObject({ code: 'unauthenticated' })
    expect(error.message).toBe('There are no S3 credentials: this is not set; that is not there')
  })

  test.each([
    ['a refusal', new SluiceError('permission-denied', 'It was denied')],
    ['a silence', new SluiceError('timeout', 'It was silent')],
    ['a refusal of credentials', new SluiceError('unauthenticated', 'They end', { status: 403 })],
  ])('ends with %s, and nobody else is asked', async (_, cause) => {
    const failed = (): never => {
      throw cause
    }
    expect(await failure(chain(failed, of('b'))())).toBe(cause)
    const none1 = (): never => {
      throw none('this is not set')
    }
    const error = await failure(chain(none1, failed, of('b'))())
    expect(error).toMatchObject({
      code: cause.code,
      retryable: cause.retryable,
      status: cause.status,
    })
    expect(error.message).toBe(`${cause.message} (before that: this is not set)`)
  })

  test('does not repeat what a stranger threw', async () => {
    const stranger = (): never => {
      throw new Error('S3CRET')
    }
    const error = await failure(chain(() => Promise.reject(none('x')), stranger, of('b'))())
    expect(error).toMatchObject({ code: 'unauthenticated' })
    expect(error.message).not.toContain('S3CRET')
  })
})

describe('environmentCredentials', () => {
  const KEYS = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'SECRET' }

  test('are read whenever they are asked for', async () => {
    const env: Record<string, string | undefined> = { ...KEYS }
    const provider = environmentCredentials(env)
    expect(await provider()).toEqual({ accessKeyId: 'AKID', secretAccessKey: 'SECRET' })
    env.AWS_SESSION_TOKEN = 'token'
    env.AWS_CREDENTIAL_EXPIRATION = '2026-01-01T00:00:00+00:00'
    expect(await provider()).toEqual({
      accessKeyId: 'AKID',
      secretAccessKey: 'SECRET',
      sessionToken: 'token',
      expiration: new Date('2026-01-01T00:00:00Z'),
    })
  })

  test.each([
    [{}, 'unauthenticated', 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set'],
    [{ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, 'unauthenticated', 'are not set'],
    [{ AWS_ACCESS_KEY_ID: 'S3CRET' }, 'invalid-options', 'AWS_SECRET_ACCESS_KEY is not'],
    [{ AWS_SECRET_ACCESS_KEY: 'S3CRET' }, 'invalid-options', 'AWS_ACCESS_KEY_ID is not'],
    [{ ...KEYS, AWS_CREDENTIAL_EXPIRATION: 'S3CRET' }, 'protocol', 'expiration'],
  ])('%j', async (env, code, message) => {
    const error = await failure(environmentCredentials(env)())
    expect(error).toMatchObject({ code })
    expect(error.message).toContain(message)
    expect(error.message).not.toContain('S3CRET')
  })
})
