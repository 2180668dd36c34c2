/**
 * Random requests, signed by us and by the AWS SDK's own signer: in the headers and in the query, the result must be the
 * same to the letter. 1,000 of each here; `npm run prove signing` takes 10,000.
 */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkKey } from '../../src/core/keys.ts'
import { type S3Client, s3Client } from '../../src/s3/client.ts'
import { s3Address } from '../../src/s3/endpoint.ts'
import { presign } from '../../src/s3/presign.ts'
import { s3Signer } from '../../src/s3/sign.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import {
  asHttpRequest,
  canonicalQuery,
  presignAsReference,
  referenceSigner,
} from './signature-reference.ts'

const CASES = Number(process.env.SLUICE_SIGNATURE_CASES ?? 1000)
const RUN = { numRuns: CASES, seed: 20_150_830 }
const LIMIT_MS = 60_000 + CASES * 20

const BUCKET = 'bucket'

/** Endpoint, style, and what stands before the key in the path. */
const ENDPOINTS = [
  { endpoint: undefined, pathStyle: undefined, folder: '/' },
  { endpoint: undefined, pathStyle: true, folder: '/bucket/' },
  { endpoint: 'http://127.0.0.1:9000', pathStyle: undefined, folder: '/bucket/' },
  { endpoint: 'https://s3.example:8443', pathStyle: false, folder: '/' },
  { endpoint: 'https://account.r2.cloudflarestorage.com', pathStyle: true, folder: '/bucket/' },
  {
    endpoint: 'https://x.example/storage/v1/s3/',
    pathStyle: true,
    folder: '/storage/v1/s3/bucket/',
  },
] as const

const PLANES = 17

const codePoint = fc
  .tuple(fc.nat({ max: PLANES - 1 }), fc.nat({ max: 0xffff }))
  .map(([plane, low]) => plane * 0x10000 + low)
  .filter((point) => point < 0xd800 || point > 0xdfff)
  .map((point) => String.fromCodePoint(point))
const hostile = fc.constantFrom(
  ...' +&=@:;,?#%\'()*!~/"<>[]^`{|}\\$-_.',
  '%2F',
  '%20',
  '%',
  '//',
  '..',
)
const letter = fc.constantFrom(...'abcXYZ019')

const text = fc
  .array(fc.oneof(codePoint, hostile, letter), { minLength: 1, maxLength: 40 })
  .map((pieces) => pieces.join(''))
const key = text.filter((candidate) => {
  try {
    checkKey(candidate)
    return true
  } catch {
    return false
  }
})
const query = fc.dictionary(
  fc.oneof(text, fc.constantFrom('uploadId', 'prefix', 'response-content-disposition')),
  fc.oneof(text, fc.constant(''), fc.string({ unit: 'binary' })),
  { maxKeys: 6 },
)
const headers = fc.dictionary(
  fc
    .oneof(
      fc.stringMatching(/^x-amz-meta-[a-z0-9-]{1,20}$/),
      fc.stringMatching(/^x-own-[a-z0-9]{1,9}$/),
    )
    .filter((name) => !name.endsWith('-')),
  fc.stringMatching(/^[ -~]{0,40}$/),
  { maxKeys: 4 },
)
/** Those that have a meaning of their own for signers or proxies. */
const known = fc.record(
  {
    'content-type': fc.constantFrom('text/plain; charset=utf-8', 'image/png'),
    'cache-control': fc.constantFrom('no-cache', 'max-age=60,  public'),
    'if-none-match': fc.constant('*'),
    range: fc.constant('bytes=0-4'),
    'x-amz-copy-source': fc.constant('/bucket/a%20b'),
  },
  { requiredKeys: [] },
)
const credentials = fc.record({
  accessKeyId: fc.stringMatching(/^[A-Z0-9]{4,20}$/),
  secretAccessKey: fc.stringMatching(/^[!-~]([ -~]{0,58}[!-~])?$/),
  sessionToken: fc.option(fc.stringMatching(/^[A-Za-z0-9+/=]{1,80}$/), { nil: undefined }),
})
const request = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'),
  place: fc.constantFrom(...ENDPOINTS),
  key: fc.option(key, { nil: undefined, freq: 10 }),
  query,
  headers: fc.tuple(headers, known).map(([own, others]) => ({ ...own, ...others })),
  credentials,
  region: fc.stringMatching(/^[a-z0-9-]{1,20}$/),
  atMs: fc.integer({ min: 0, max: Date.UTC(2099, 11, 31) }).map((ms) => ms - (ms % 1000)),
  seconds: fc.integer({ min: 1, max: 604_800 }),
  payloadHash: fc.oneof(fc.constant('UNSIGNED-PAYLOAD'), fc.stringMatching(/^[0-9a-f]{64}$/)),
})
type Case = typeof request extends fc.Arbitrary<infer T> ? T : never

/** What aws4fetch leaves to the middle of the network to change. */
const UNSIGNED = new Set(['content-type', 'range'])

function addressOf({ place, region }: Case): {
  bucket: string
  region: string
  pathStyle?: boolean
} {
  const { endpoint, pathStyle } = place
  return {
    bucket: BUCKET,
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(pathStyle === undefined ? {} : { pathStyle }),
  }
}

function reference(given: Case, url: URL): ReturnType<typeof asHttpRequest> {
  const { method, place, key = '', query, headers } = given
  const path = place.folder + key
  return asHttpRequest({ method, origin: url.origin, path, query, headers })
}

test(
  `${CASES} requests signed in their headers`,
  async () => {
    const planes = new Set<number>()
    const property = fc.asyncProperty(request, async (given) => {
      const { method, key, query, credentials, region, atMs, payloadHash } = given
      for (const character of key ?? '') planes.add((character.codePointAt(0) ?? 0) >> 16)
      const url = s3Address(addressOf(given)).url(key, query)
      const sign = s3Signer(async () => credentials, region)
      const ours = await sign({ method, url, headers: given.headers, payloadHash, atMs })
      const plain = reference(given, new URL(url))
      plain.headers['x-amz-content-sha256'] = payloadHash
      const theirs = await referenceSigner(credentials, region).sign(plain, {
        signingDate: new Date(atMs),
        unsignableHeaders: UNSIGNED,
        signableHeaders: new Set(Object.keys(plain.headers).filter((name) => !UNSIGNED.has(name))),
      })
      expect(ours.get('authorization')).toBe(theirs.headers.authorization)
      expect(ours.get('x-amz-date')).toBe(theirs.headers['x-amz-date'])
      expect(ours.get('x-amz-security-token') ?? undefined).toBe(
        theirs.headers['x-amz-security-token'],
      )
      // What goes out is what was signed.
      expect(new URL(url).pathname).toBe(plain.path)
      expect(new URL(url).search.slice(1).split('&').sort().join('&')).toBe(canonicalQuery(query))
    })
    await fc.assert(property, RUN)
    expect(planes.size).toBe(PLANES)
  },
  LIMIT_MS,
)

test(
  `${CASES} requests signed in their query`,
  async () => {
    const property = fc.asyncProperty(request, async (given) => {
      const { method, key, query, headers, credentials, region, atMs, seconds } = given
      const client: S3Client = s3Client({
        ...addressOf(given),
        credentials,
        clock: virtualClock(atMs),
      })
      const ours = await presign(client, {
        method: method as 'GET',
        key,
        query,
        headers,
        expiresInMs: seconds * 1000,
      })
      const url = new URL(ours.url)
      const plain = reference(given, url)
      const theirs = await presignAsReference(plain, credentials, region, {
        date: new Date(atMs),
        seconds,
      })
      expect(url.pathname).toBe(plain.path)
      expect(url.search.slice(1).split('&').sort().join('&')).toBe(canonicalQuery(theirs))
    })
    await fc.assert(property, RUN)
  },
  LIMIT_MS,
)
