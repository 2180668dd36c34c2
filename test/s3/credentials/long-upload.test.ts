import { expect, test } from 'vitest'
import { s3Gateway } from '../../../src/http/s3-gateway.ts'
import { s3Client } from '../../../src/s3/client.ts'
import { assumeRole } from '../../../src/s3/credentials/assume-role.ts'
import type { S3Credentials } from '../../../src/s3/credentials.ts'
import { createUpload } from '../../../src/s3/multipart.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { xmlError } from '../scripted-fetch.ts'
import { granted, serve } from './servers.ts'

const HOUR_MS = 3_600_000
const STEP_MS = 7 * 60_000
const PARTS = 26

test.each([
  ['whose end is known', HOUR_MS, 0],
  // As if the account had revoked its sessions: the client hears of it from the bucket alone.
  ['that the server ends before their time', HOUR_MS / 2, 5],
])('an upload of three hours outlives credentials of one hour %s', async (_, lifeMs, refusals) => {
  const clock = virtualClock()
  /** What each session may sign with, and until when the bucket takes it. */
  const sessions = new Map<
    string,
    { readonly secret: string; readonly token: string; readonly endMs: number }
  >()
  const sts = await serve(() => {
    const n = sessions.size + 1
    const session = {
      secret: `role-secret-${n}`,
      token: `role-token-${n}`,
      endMs: clock.now() + lifeMs,
    }
    sessions.set(`ASIA${n}`, session)
    return granted('AssumeRole', n, new Date(clock.now() + HOUR_MS))
  })

  // One request at a time, so the gateway may be told whose it is.
  let caller: S3Credentials = { accessKeyId: '-', secretAccessKey: '-' }
  const store = memoryStore({ capabilities: { multipart: { minPartBytes: 1 } } })
  const gateway = s3Gateway({
    buckets: { bucket: store },
    credentials: {
      get accessKeyId() {
        return caller.accessKeyId
      },
      get secretAccessKey() {
        return caller.secretAccessKey
      },
      get sessionToken() {
        return caller.sessionToken
      },
    },
    clock,
  })
  let refused = 0
  const client = s3Client({
    bucket: 'bucket',
    endpoint: 'https://s3.test',
    clock,
    credentials: assumeRole({
      source: { accessKeyId: 'AKID', secretAccessKey: 'SECRET' },
      roleArn: 'arn:aws:iam::123456789012:role/exporter',
      sessionName: 'export',
      endpoint: sts.url,
      clock,
    }),
    async fetch(url, init) {
      const headers = new Headers(init.headers)
      const id = /Credential=([^/]+)/.exec(headers.get('authorization') ?? '')?.[1]
      const session = sessions.get(id ?? '')
      if (!id || !session || session.endMs <= clock.now()) {
        refused++
        return new Response(xmlError('ExpiredToken'), { status: 400 })
      }
      caller = { accessKeyId: id, secretAccessKey: session.secret, sessionToken: session.token }
      // As it is on the wire.
      headers.set('content-length', String((init.body as Uint8Array | undefined)?.byteLength ?? 0))
      return gateway(new Request(url, { ...init, headers }))
    },
  })

  const beganMs = clock.now()
  const upload = await createUpload(client, 'export.bin')
  const parts = []
  for (let n = 1; n <= PARTS; n++) {
    parts.push(await upload.putPart(n, new Uint8Array(10).fill(n)))
    await clock.advance(STEP_MS)
  }
  await upload.complete(parts)

  expect(clock.now() - beganMs).toBeGreaterThan(3 * HOUR_MS)
  expect(await (await store.get('export.bin'))?.bytes()).toEqual(
    Uint8Array.from({ length: PARTS * 10 }, (_, i) => Math.floor(i / 10) + 1),
  )
  expect(refused).toBe(refusals)
  expect(sessions.size).toBeGreaterThanOrEqual(4)
  expect(sessions.size).toBeLessThanOrEqual(8)
})
