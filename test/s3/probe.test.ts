import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/contracts/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { s3Client } from '../../src/s3/client.ts'
import { type BucketFindings, probeBucket } from '../../src/s3/probe.ts'
import {
  AWS_PROVIDER,
  minio,
  r2,
  rustfs,
  type S3Provider,
  versitygw,
} from '../../src/s3/providers/index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { s3Store } from '../../src/stores/s3.ts'
import { realServers, type ServerKind, startServer } from '../servers.ts'
import { gatewayClient } from './gateway-client.ts'
import { failure, xmlError } from './scripted-fetch.ts'

async function leftIn(store: Store): Promise<unknown[]> {
  const left: unknown[] = []
  for await (const entry of store.list()) left.push(entry)
  for await (const upload of store.listMultipart?.('') ?? []) left.push(upload)
  return left
}

const refusal = (status: number, code: string): Response => new Response(xmlError(code), { status })

const failing = ({ trials }: BucketFindings): string[] =>
  trials.filter(({ works }) => !works).map(({ name }) => name)

/** What the profile of a server says, to be found again by trying. */
const KNOWN: Partial<Record<ServerKind, S3Provider>> = {
  gateway: AWS_PROVIDER,
  rustfs: rustfs({ endpoint: '' }).provider,
  minio: minio({ endpoint: '' }).provider,
  versitygw: versitygw({ endpoint: '' }).provider,
}

test.for([{ kind: 'gateway' as const, missing: undefined }, ...realServers()])(
  'finds on $kind what its profile says',
  { timeout: 120_000 },
  async ({ kind, missing }, { skip, onTestFinished }) => {
    skip(missing !== undefined, missing)
    const server = await startServer(kind)
    onTestFinished(() => server.stop())
    let requests = 0
    const options = {
      ...server,
      credentials: server,
      fetch(url: string, init: RequestInit) {
        requests++
        return fetch(url, init)
      },
    }
    const findings = await probeBucket(s3Client(options), { prefix: 'a b/' })
    expect(findings).toMatchObject({ etagVisible: true, partCopy: true, remains: undefined })
    expect(Math.abs(findings.clockSkewMs ?? Number.NaN)).toBeLessThan(60_000)
    expect(requests).toBeLessThan(100)
    const known = KNOWN[kind]
    if (known) {
      expect({ ...findings.provider, name: '' }).toEqual({ ...known, name: '' })
    }
    const store = s3Store({ ...options, provider: findings.provider })
    expect(store.capabilities).toEqual(findings.provider.capabilities)
    const left: unknown[] = []
    for await (const entry of store.list({ prefix: 'a b/' })) left.push(entry)
    expect(left).toEqual([])
  },
)

describe('a bucket that', () => {
  test('takes a condition and ignores it', async () => {
    const memory = memoryStore()
    const store: Store = {
      ...memory,
      put: (key, body, options = {}) =>
        memory.put(key, body, { ...options, ifNoneMatch: undefined, ifMatch: undefined }),
    }
    const findings = await probeBucket(gatewayClient({ store }))
    expect(failing(findings)).toEqual(['conditional put'])
    expect(findings.provider.capabilities.conditionalPut).toBe(false)
    const { found } = findings.trials.find(({ name }) => name === 'conditional put') ?? {}
    expect(found).toContain('If-None-Match on a put is ignored')
    expect(await leftIn(memory)).toEqual([])
  })

  test('answers conditions with NotImplemented, as B2 and OSS do', async () => {
    const client = gatewayClient({
      between: async (request, respond) =>
        request.method === 'PUT' &&
        [...request.headers.keys()].some((name) => name.startsWith('if-'))
          ? refusal(501, 'NotImplemented')
          : respond(request),
    })
    const findings = await probeBucket(client)
    expect(failing(findings)).toEqual(['conditional put'])
  })

  test('wants equal parts', async () => {
    const memory = memoryStore({ capabilities: { multipart: { equalParts: true } } })
    const findings = await probeBucket(gatewayClient({ store: memory }))
    expect(failing(findings)).toEqual(['unequal parts'])
    expect(findings.provider.capabilities.multipart).toMatchObject({ equalParts: true })
    expect(await leftIn(memory)).toEqual([])
  })

  test('may want equal parts: what was not tried is not claimed', async () => {
    const { provider } = r2({ accountId: 'abc' })
    for (const multipart of [provider.capabilities.multipart, false as const]) {
      const given = { ...provider, capabilities: { ...provider.capabilities, multipart } }
      const client = gatewayClient({ client: { provider: given } })
      const findings = await probeBucket(client, { unequalParts: false })
      expect(findings.provider.capabilities.multipart).toMatchObject({ equalParts: true })
    }
  })

  test('is better than its profile says', async () => {
    const { provider } = r2({ accountId: 'abc' })
    const client = gatewayClient({ client: { provider } })
    const found = (await probeBucket(client, { unequalParts: false })).provider
    expect(found).toMatchObject({
      name: provider.name,
      copyConditionPrefix: provider.copyConditionPrefix,
      deleteBatchKeys: 700,
      capabilities: { conditionalComplete: true },
    })
  })

  test.each([
    ['refuses checksums', () => refusal(400, 'InvalidArgument')],
    ['does not know checksums', () => refusal(501, 'NotImplemented')],
    ['takes any checksum', () => new Response(null, { headers: { etag: '"tag"' } })],
  ])('%s', async (_, answer) => {
    const client = gatewayClient({
      between: async (request, respond) =>
        request.headers.has('x-amz-checksum-crc64nvme') ? answer() : respond(request),
    })
    const findings = await probeBucket(client, { unequalParts: false })
    expect(findings.provider.checksums).toEqual(['crc32c', 'crc32'])
    expect(failing(findings)).toEqual(['checksum crc64nvme'])
  })

  test('copies no parts', async () => {
    const client = gatewayClient({
      between: async (request, respond) =>
        request.headers.has('x-amz-copy-source') && request.url.includes('uploadId')
          ? refusal(501, 'NotImplemented')
          : respond(request),
    })
    const findings = await probeBucket(client, { unequalParts: false })
    expect(findings.partCopy).toBe(false)
    expect(findings.provider.capabilities.compose).toBe(false)
    expect(failing(findings)).toEqual(['conditional copy', 'part copy'])
  })

  test('hides its ETags from pages: nothing else is tried', async () => {
    const memory = memoryStore()
    let requests = 0
    const client = gatewayClient({
      store: memory,
      async between(request, respond) {
        requests++
        const response = await respond(request)
        // As a browser does where no CORS rule exposes them.
        for (const name of ['etag', 'date']) response.headers.delete(name)
        return response
      },
    })
    const findings = await probeBucket(client)
    expect(findings).toMatchObject({ etagVisible: false, clockSkewMs: undefined })
    expect(findings.provider).toBe(client.provider)
    expect(requests).toBeLessThan(6)
    expect(await leftIn(memory)).toEqual([])
  })

  test('lives an hour ahead', async () => {
    const clock = { ...systemClock, now: () => Date.now() + 3_600_000 }
    // A page cannot read the header: it learns from the refusal.
    const client = gatewayClient({
      clock,
      async between(request, respond) {
        const response = await respond(request)
        response.headers.delete('date')
        return response
      },
    })
    const findings = await probeBucket(client, { unequalParts: false })
    expect(Math.round((findings.clockSkewMs ?? 0) / 60_000)).toBe(60)
    expect(failing(findings)).toEqual([])
  })

  test('may be written and not cleaned', async () => {
    const client = gatewayClient({
      between: async (request, respond) =>
        request.method === 'POST' && request.url.includes('delete')
          ? refusal(403, 'AccessDenied')
          : respond(request),
    })
    const { remains } = await probeBucket(client, { unequalParts: false })
    expect(remains).toMatchObject({ code: 'permission-denied' })
  })

  test('may not be written', async () => {
    const client = gatewayClient({
      between: async (request, respond) =>
        request.method === 'PUT' ? refusal(403, 'AccessDenied') : respond(request),
    })
    expect(await failure(probeBucket(client))).toMatchObject({ code: 'permission-denied' })
  })
})

test('an abort leaves nothing where uploads are said not to be listed', async () => {
  for (const where of ['PUT', 'POST']) {
    const memory = memoryStore()
    const abort = new AbortController()
    const client = gatewayClient({
      store: memory,
      client: { provider: minio({ endpoint: '' }).provider },
      async between(request, respond) {
        const response = await respond(request)
        if (request.method === where) abort.abort()
        request.signal.throwIfAborted()
        return response
      },
    })
    const ended = probeBucket(client, { signal: abort.signal, unequalParts: false })
    expect(await failure(ended)).toMatchObject({ code: 'aborted' })
    expect(await leftIn(memory)).toEqual([])
  }
})

test('uploads whose creation was answered to nobody are found', async () => {
  const memory = memoryStore()
  let lost = 0
  const client = gatewayClient({
    store: memory,
    async between(request, respond) {
      const response = await respond(request)
      if (request.method === 'POST' && request.url.endsWith('?uploads=') && ++lost % 2) {
        throw new TypeError('fetch failed')
      }
      return response
    },
  })
  const { remains } = await probeBucket(client, { unequalParts: false })
  expect(lost).toBeGreaterThan(2)
  expect(remains).toBeUndefined()
  expect(await leftIn(memory)).toEqual([])
})

test('an abort after any of its requests leaves nothing', { timeout: 60_000 }, async () => {
  for (let nth = 1; ; nth++) {
    const memory = memoryStore()
    const abort = new AbortController()
    let n = 0
    const client = gatewayClient({
      store: memory,
      async between(request, respond) {
        const response = await respond(request)
        if (++n === nth) abort.abort()
        // The answer is lost with the abort.
        request.signal.throwIfAborted()
        return response
      },
    })
    const options = { signal: abort.signal, unequalParts: false }
    const ended = await probeBucket(client, options).then(
      () => 'done',
      (error) => error.code,
    )
    expect(await leftIn(memory)).toEqual([])
    if (n < nth) break
    expect(['aborted', 'done']).toContain(ended)
  }
})
