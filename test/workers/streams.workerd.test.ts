import { reset, runInDurableObject } from 'cloudflare:test'
import { afterEach, expect, test } from 'vitest'
import type { Row } from '../../src/contracts/index.ts'
import type { IngestStatus } from '../../src/http/target.ts'
import { r2Store } from '../../src/stores/r2.ts'
import { parseStreams, type StreamConfig } from '../../src/workers/environment.ts'
import { requestStream } from '../../src/workers/request-codec.ts'
import { Shard } from '../../src/workers/shard.ts'
import { environment, keysOf, send, shardOf, TOKEN, textOf, write } from './tools.ts'

afterEach(reset)

const STREAM = 'flights'
const AT = '2026-11-21T13:05:00Z'

/** A shard of the stream under this configuration. */
async function shard(config: StreamConfig, run: (shard: Shard) => Promise<void>): Promise<void> {
  const settings = { ...environment, STREAMS: { [STREAM]: config } }
  await runInDurableObject(shardOf(STREAM), (_, ctx) => run(new Shard(ctx, settings)))
}

function columnsOf(type: unknown): unknown {
  return { fields: [{ name: 'v', type, nullable: true }] }
}

async function answerOf<T>(stream: ReadableStream): Promise<T> {
  return ((await new Response(stream).json()) as { value: T }).value
}

const request = (rows: readonly Row[]) => requestStream({ rows, refused: [] })

test('columns, drift, a partition by event time and limits of time are of the stream', async () => {
  const config: StreamConfig = {
    format: 'jsonl',
    partition: ['kind', { time: 'at', by: 'hour', allowedLateMs: 0, late: 'separate' }],
    rotate: { idleMs: 60_000, schedule: { everyMs: 3_600_000, offsetMs: 5 } },
    schema: {
      fields: [
        { name: 'kind', type: 'string', nullable: false },
        { name: 'at', type: 'timestamp', nullable: false },
      ],
    },
    drift: 'rest',
    maxOpenFiles: 1,
  }
  await shard(config, async (shard) => {
    const rows = [
      { kind: 'a', at: AT, more: 1 },
      { kind: 5, at: AT },
    ]
    const answer = await answerOf(await shard.write(STREAM, request(rows)))
    expect(answer).toMatchObject({ accepted: 1, rejected: [{ index: 1, path: '/kind' }] })
    const { open } = await answerOf<IngestStatus>(await shard.status(STREAM))
    const [file] = open.filter(({ lane }) => !lane.partition.startsWith('_'))
    expect(file?.limits.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['idle', 'schedule', 'watermark']),
    )
    await shard.flush(STREAM, undefined)
  })
  const [key] = await keysOf(`${STREAM}/kind=a/hour=2026-11-21T13/late=false/`)
  expect(JSON.parse((await textOf(key)) ?? '')).toMatchObject({ kind: 'a', _rest: { more: 1 } })
})

test('every configuration that a sink could not work with is refused by name', () => {
  const refused: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ rotate: { idle: 1 } }, 'there is no option "rotate.idle"'],
    [{ rotate: { idleMs: '1' } }, 'rotate.idleMs'],
    [{ rotate: { schedule: {} } }, 'rotate.schedule needs everyMs'],
    [{ rotate: { schedule: { everyMs: 1, at: 2 } } }, 'there is no option "rotate.schedule.at"'],
    [{ partition: 'kind' }, 'partition is'],
    [{ partition: [5] }, 'partition is'],
    [{ partition: { time: 'at', by: 'week' } }, 'by is one of'],
    [{ partition: { time: 'at', by: 'day', timeZone: 'Mars/Olympus' } }, 'Mars/Olympus'],
    [{ partition: { time: 'at', by: 'day', allowedLateMs: '5' } }, 'allowedLateMs'],
    [{ partition: [{ time: 'at', by: 'day', late: 'reject' }] }, 'late needs allowedLateMs'],
    [{ schema: { fields: [{ name: 'a', type: 'text' }] } }, 'column "a"'],
    [{ schema: { '~standard': {} } }, 'schema is'],
    [{ drift: 'rest' }, 'needs a schema'],
    [{ maxOpenFiles: 0 }, 'maxOpenFiles'],
    [{ manifest: true }, 'STREAMS.a.manifest is not known here'],
    [{ schema: columnsOf({ kind: 'decimal', precision: 77, scale: 0 }) }, 'column "v": precision'],
    [{ schema: columnsOf({ kind: 'list', element: { type: 'int8' } }) }, 'column "v.element" must'],
  ]
  for (const [config, named] of refused) {
    const parse = () =>
      parseStreams({ a: { format: 'csv', ...config } }, r2Store(environment.BUCKET))
    expect(parse).toThrowError(
      expect.objectContaining({ code: 'invalid-options', message: expect.stringContaining(named) }),
    )
    expect(parse).toThrowError(/STREAMS\.a/)
  }
})

test('a stream’s status tells of what is not visible yet', async () => {
  const status = async (): Promise<IngestStatus> => {
    const response = await send(`/v1/streams/${STREAM}/status`)
    expect(response.status).toBe(200)
    return (await response.json()) as IngestStatus
  }
  expect(await status()).toEqual({
    openFiles: 0,
    sealedFiles: 0,
    pendingBytes: 0,
    lagMs: 0,
    open: [],
  })
  await write(STREAM, [{ n: 1 }, { n: 2 }])
  expect(await status()).toMatchObject({
    openFiles: 1,
    open: [{ records: 2, lane: { stream: STREAM }, why: expect.stringContaining('2 records') }],
  })
  const none = await send(`/v1/streams/none/status`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  })
  expect(none.status).toBe(404)
})
