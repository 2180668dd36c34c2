import { describe, expect, test } from 'vitest'
import type { Clock, Store, UploadInfo } from '../../src/contracts/index.ts'
import { utf8 } from '../../src/core/bytes.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { s3Gateway } from '../../src/http/s3-gateway.ts'
import { type S3Client, type S3ClientOptions, s3Client } from '../../src/s3/client.ts'
import { abortStaleUploads } from '../../src/s3/janitor.ts'
import { createUpload } from '../../src/s3/multipart.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { told } from './janitor-report.ts'
import { answer, failure, type Step, script, xmlError } from './scripted-fetch.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const CREDENTIALS = { accessKeyId: 'AKID', secretAccessKey: 'SECRET' }

interface Yard {
  readonly client: S3Client
  readonly store: Store
  readonly clock: ReturnType<typeof virtualClock>
  open(): Promise<string[]>
}

/** A bucket with a clock of its own, ahead of the client's by `-aheadMs`. */
function yard(aheadMs = 0): Yard {
  const clock = virtualClock()
  const store = memoryStore({ clock })
  const gateway = s3Gateway({ buckets: { bucket: store }, credentials: CREDENTIALS, clock })
  const ahead: Clock = { ...clock, now: () => clock.now() + aheadMs }
  const client = s3Client({
    bucket: 'bucket',
    endpoint: 'https://s3.test',
    credentials: CREDENTIALS,
    clock: ahead,
    retry: { baseMs: 0 },
    fetch: async (url, { signal: _, ...init }) => {
      const request = new Request(url, init)
      const { byteLength = 0 } = (init.body ?? {}) as Partial<Uint8Array>
      request.headers.set('content-length', String(byteLength))
      return gateway(request)
    },
  })
  const open = async (): Promise<string[]> => {
    const keys = []
    for await (const { key } of store.listMultipart?.('') ?? []) keys.push(key)
    return keys.sort()
  }
  return { client, store, clock, open }
}

/** Uploads of each kind, eight days after the first were begun. */
async function filled(aheadMs?: number): Promise<Yard & { wantedId: string }> {
  const all = yard(aheadMs)
  const { client, clock } = all
  await createUpload(client, 'other/old')
  await createUpload(client, 'in/old empty')
  await (await createUpload(client, 'in/old')).putPart(1, utf8('1'))
  const slow = await createUpload(client, 'in/slow')
  await slow.putPart(1, utf8('1'))
  const { uploadId: wantedId } = await createUpload(client, 'in/wanted')
  await clock.advance(7 * DAY_MS)
  await slow.putPart(2, utf8('2'))
  await createUpload(client, 'in/young')
  await clock.advance(DAY_MS)
  return { ...all, wantedId }
}

describe('the janitor', () => {
  test('aborts what nobody can own, and nothing else', async () => {
    const { client, open, wantedId } = await filled()
    const keep = ({ uploadId }: UploadInfo): boolean => uploadId === wantedId
    const expected = {
      aborted: ['in/old', 'in/old empty'],
      kept: ['in/slow active', 'in/wanted wanted', 'in/young young'],
      failed: [],
    }
    const all = await open()
    const dry = await abortStaleUploads(client, { prefix: 'in/', keep, dryRun: true })
    expect(told(dry)).toEqual(expected)
    expect(await open()).toEqual(all)
    expect(told(await abortStaleUploads(client, { prefix: 'in/', keep }))).toEqual(expected)
    expect(await open()).toEqual(['in/slow', 'in/wanted', 'in/young', 'other/old'])
  })

  test('leaves what a server lists in spite of the prefix', async () => {
    const upload =
      '<Upload><Key>other/key</Key><UploadId>U</UploadId><Initiated>2020-01-01T00:00:00Z</Initiated></Upload>'
    const { options, sent } = script([
      answer(200, `<ListMultipartUploadsResult>${upload}</ListMultipartUploadsResult>`),
    ])
    const report = await abortStaleUploads(s3Client(options), { prefix: 'mine/' })
    expect(report).toEqual({ aborted: [], kept: [], failed: [] })
    expect(sent).toHaveLength(1)
  })

  test('takes the time that it is given', async () => {
    const { client } = await filled()
    const prefix = 'in/'
    const strict = await abortStaleUploads(client, { prefix, olderThanMs: DAY_MS, dryRun: true })
    expect(strict.aborted).toHaveLength(5)
    const mild = await abortStaleUploads(client, { prefix, olderThanMs: 9 * DAY_MS, dryRun: true })
    expect(mild.aborted).toEqual([])
  })

  test('goes by the server’s clock', async () => {
    // Ours is a month ahead, so that everything would look old; the first refusal tells.
    const { client, clock } = yard(30 * DAY_MS)
    await createUpload(client, 'in/young')
    await clock.advance(DAY_MS)
    const keep = (): never => expect.unreachable('it looked old')
    expect(told(await abortStaleUploads(client, { prefix: 'in/', keep }))).toMatchObject({
      kept: ['in/young young'],
    })
  })

  test('asks who may want it each time, and only for what is stale', async () => {
    const { client } = await filled()
    const asked: string[] = []
    const keep = async ({ key }: UploadInfo): Promise<boolean> => asked.push(key) > 0
    expect((await abortStaleUploads(client, { prefix: 'in/', keep })).aborted).toEqual([])
    expect(asked).toEqual(['in/old', 'in/old empty', 'in/slow', 'in/wanted'])
  })

  test.each([new Error('away'), new SluiceError('not-found', 'away')])(
    'does nothing more when it cannot be told who wants it: %s',
    async (thrown) => {
      const { client, open } = await filled()
      const keep = (): boolean => {
        throw thrown
      }
      expect(await failure(abortStaleUploads(client, { prefix: 'in/', keep }))).toBe(thrown)
      expect(await open()).toHaveLength(6)
    },
  )

  test.each([
    [{ prefix: '' }],
    [{ prefix: 'in/', olderThanMs: HOUR_MS - 1 }],
    [{ prefix: 'in/', olderThanMs: Number.NaN }],
  ])('refuses %j before anything is sent', async (options) => {
    const { options: client, sent } = script([])
    expect(await failure(abortStaleUploads(s3Client(client), options))).toMatchObject({
      code: 'invalid-options',
    })
    expect(sent).toEqual([])
  })
})

const upload = (key: string, initiated = '2020-01-01T00:00:00Z'): string =>
  `<Upload><Key>${key}</Key><UploadId>id-${key}</UploadId><Initiated>${initiated}</Initiated></Upload>`
const uploads = (...keys: string[]): Step =>
  answer(
    200,
    `<ListMultipartUploadsResult>${keys.map((key) => upload(key)).join('')}</ListMultipartUploadsResult>`,
  )
const partsOf = (body = '', headers = {}): Step =>
  answer(200, `<ListPartsResult>${body}</ListPartsResult>`, headers)
const part = (at: string): string => `<Part><LastModified>${at}</LastModified></Part>`
const GONE = answer(404, xmlError('NoSuchUpload'))
const ABORTED = answer(204)

async function swept(
  steps: readonly Step[],
  options: Partial<S3ClientOptions> = {},
): Promise<{ told: ReturnType<typeof told>; sent: string[] }> {
  const { options: client, sent } = script(steps, options)
  const report = await abortStaleUploads(s3Client(client), { prefix: 'k' })
  return {
    told: told(report),
    sent: sent.map(({ method, url }) =>
      `${method} ${url.searchParams.get('part-number-marker') ?? ''}`.trim(),
    ),
  }
}

describe('the janitor, and a server that', () => {
  test('has more than a page of parts', async () => {
    const more = '<IsTruncated>true</IsTruncated><NextPartNumberMarker>1000</NextPartNumberMarker>'
    const late = new Date().toISOString()
    expect(
      await swept([uploads('k1'), partsOf(part('2020-01-01') + more), partsOf(part(late))]),
    ).toEqual({
      told: { aborted: [], kept: ['k1 active'], failed: [] },
      sent: ['GET', 'GET', 'GET 1000'],
    })
  })

  test.each([
    [
      'the upload’s',
      [answer(200, `<ListMultipartUploadsResult>${upload('k1', '')}</ListMultipartUploadsResult>`)],
    ],
    ['a part’s', [uploads('k1'), partsOf(part(''))]],
    ['no parts at all', [uploads('k1'), answer(501, xmlError('NotImplemented'))]],
  ])('does not tell %s time has nothing aborted', async (_, steps) => {
    expect((await swept(steps)).told).toEqual({ aborted: [], kept: ['k1 unknown'], failed: [] })
  })

  test('says a time before ours is believed', async () => {
    const date = { date: 'Wed, 01 Jan 2020 01:00:00 GMT' }
    expect((await swept([uploads('k1'), partsOf('', date)])).told.kept).toEqual(['k1 young'])
  })

  test('gets a part during the abort is asked again', async () => {
    const steps = [uploads('k1'), partsOf(), ABORTED, partsOf(part('2020-01-01')), ABORTED, GONE]
    const time = virtualClock(Date.now())
    const clock: Clock = { ...time, sleep: async (ms) => time.setNow(time.now() + ms) }
    expect(await swept(steps, { clock })).toEqual({
      told: { aborted: ['k1'], kept: [], failed: [] },
      sent: ['GET', 'GET', 'DELETE', 'GET', 'DELETE', 'GET'],
    })
  })

  test('has ended the upload itself is believed', async () => {
    expect((await swept([uploads('k1'), GONE])).told).toEqual({ aborted: [], kept: [], failed: [] })
  })

  test('forbids one has the others aborted', async () => {
    const denied = answer(403, xmlError('AccessDenied'))
    const steps = [uploads('k1', 'k2'), partsOf(), denied, partsOf(), ABORTED, GONE]
    expect((await swept(steps)).told).toEqual({
      aborted: ['k2'],
      kept: [],
      failed: ['k1 permission-denied'],
    })
  })

  test('is away ends it', async () => {
    const away = Array<Step>(4).fill(answer(503, xmlError('SlowDown')))
    const { options, sent } = script([uploads('k1', 'k2'), ...away])
    const sweeping = abortStaleUploads(s3Client(options), { prefix: 'k' })
    expect(await failure(sweeping)).toMatchObject({ code: 'slow-down' })
    expect(sent).toHaveLength(5)
  })

  test.each(['', '<NextPartNumberMarker>0</NextPartNumberMarker>'])(
    'says that there are more parts, and %j, is not followed',
    async (next) => {
      const steps = [uploads('k1'), partsOf(`<IsTruncated>true</IsTruncated>${next}`)]
      expect((await swept(steps)).told.failed).toEqual(['k1 protocol'])
    },
  )

  test('is slow can be left', async () => {
    const controller = new AbortController()
    const { options, sent } = script([
      uploads('k1', 'k2'),
      () => {
        controller.abort()
        return new Response('<ListPartsResult/>')
      },
    ])
    const { signal } = controller
    const sweeping = abortStaleUploads(s3Client(options), { prefix: 'k', signal })
    expect(await failure(sweeping)).toMatchObject({ code: 'aborted' })
    expect(sent).toHaveLength(2)
  })
})
