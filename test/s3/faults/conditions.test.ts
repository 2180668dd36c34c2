import { describe, expect, test } from 'vitest'
import type { Bytes } from '../../../src/contracts/index.ts'
import { objectWriter } from '../../../src/core/object-writer.ts'
import { toReadableStream } from '../../../src/core/streams.ts'
import { put } from '../../../src/s3/put.ts'
import { runAndCheck } from './invariant.ts'
import { ACTIONS, type Action, bytesOf, KEY, OLD } from './operations.ts'
import { PART_BYTES, refusal, type Way, world } from './world.ts'

describe.each(ACTIONS)('$name', (action) => {
  test.each([-1, 1])('with a server whose clock is %i h ahead', async (hours) => {
    const { outcome, error } = await runAndCheck(world({ skewMs: hours * 3_600_000 }), action)
    expect(outcome, String(error)).toBe('well')
  })

  test('in another region than was thought is followed once at AWS, and an error elsewhere', async () => {
    const region = 'eu-west-3'
    const atAws = world({ region, endpoint: undefined })
    expect((await runAndCheck(atAws, action)).outcome).toBe('well')
    const elsewhere = await runAndCheck(world({ region }), action)
    expect(elsewhere.error).toMatchObject({ code: 'invalid-options', region })
  })

  test('in a region that leads to yet another is an error', async () => {
    let asked = 0
    const way: Way = async () =>
      refusal(301, 'PermanentRedirect', { 'x-amz-bucket-region': `eu-west-${++asked}` })
    const at = world({ way, endpoint: undefined })
    const { outcome } = await runAndCheck(at, action)
    expect(outcome).toBe('invalid-options')
    expect(at.sent).toHaveLength(2)
  })
})

type Source = () => AsyncIterable<Bytes>

/** Writes what a source gives, as `for await` does. */
function writing(source: Source): Action {
  return {
    name: 'write from a source',
    before: true,
    after: undefined,
    async run({ world: { clock }, store, signal }) {
      await using writer = objectWriter(store, KEY, { partBytes: PART_BYTES, signal, clock })
      for await (const chunk of source()) await writer.write(chunk)
      await writer.close()
    },
  }
}

/** The same by `put`, which owns the source. */
function putting(source: Source, { stream = false, resumable = false } = {}): Action {
  return {
    name: 'put a source',
    before: true,
    after: undefined,
    run: ({ world: { client }, signal }) =>
      put(client, KEY, stream ? toReadableStream(source()) : source(), {
        partBytes: PART_BYTES,
        signal,
        ...(resumable && { onCheckpoint: () => {} }),
      }),
  }
}

async function* endless(): AsyncGenerator<Bytes> {
  for (let n = 0; ; n++) yield bytesOf(PART_BYTES, n)
}

describe('a source', () => {
  test.each([0, 1, 2, 4])('that throws after %i parts leaves nothing', async (parts) => {
    const source = async function* (): AsyncGenerator<Bytes> {
      for (let n = 0; n < parts; n++) yield bytesOf(PART_BYTES, n)
      throw new Error('the disk is gone')
    }
    const at = world()
    await expect(runAndCheck(at, writing(source))).rejects.toThrow('the disk is gone')
    expect(await left(at)).toEqual({ object: String(OLD), uploads: 0 })
    for (const stream of [false, true]) {
      const { error } = await runAndCheck(world(), putting(source, { stream }))
      expect(error).toMatchObject({ code: 'aborted', cause: { message: 'the disk is gone' } })
    }
  })

  const WAYS = [
    ['written', writing],
    ['put', putting],
    ['put as a stream', (source: Source) => putting(source, { stream: true })],
    ['put to be resumed', (source: Source) => putting(source, { resumable: true })],
  ] as const
  describe.each(WAYS)('%s', (_, action) => {
    test('that never ends is refused when the parts are used up', async () => {
      const { outcome } = await runAndCheck(world(), action(endless))
      expect(outcome).toBe('too-large')
    })

    test.each([0, 1, 2, 3, 4])('that never ends is aborted at request %i', async (n) => {
      const controller = new AbortController()
      let requests = 0
      const way: Way = (passing) => {
        if (requests++ === n) controller.abort()
        return passing.send()
      }
      const { outcome } = await runAndCheck(world({ way }), action(endless), controller.signal)
      expect(outcome).toBe('aborted')
    })
  })

  test.each([0, 1, 2, 4])('that falls silent after %i parts is aborted', async (parts) => {
    for (const stream of [false, true]) {
      const controller = new AbortController()
      const silent = async function* (): AsyncGenerator<Bytes> {
        for (let n = 0; n < parts; n++) yield bytesOf(PART_BYTES, n)
        setImmediate(() => controller.abort())
        await new Promise(() => {})
      }
      const action = putting(silent, { stream })
      expect((await runAndCheck(world(), action, controller.signal)).outcome).toBe('aborted')
    }
  })
})

/** What the server keeps. */
async function left({
  kept,
}: ReturnType<typeof world>): Promise<{ object: string; uploads: number }> {
  let uploads = 0
  for await (const _ of kept.listMultipart?.('') ?? []) uploads++
  return { object: String(await (await kept.get(KEY))?.bytes()), uploads }
}

describe('a part that is stored after the abort', () => {
  /** The server answers an abort, and then a part that was on its way opens the upload again, so often. */
  function reopening(times: number): Way {
    let aborts = 0
    return async (passing) => {
      if (passing.name !== 'AbortMultipartUpload' || ++aborts > times) return passing.send()
      return new Response(null, { status: 204 })
    }
  }
  const abort: Action = {
    name: 'send a part, and abort',
    after: undefined,
    async run({ store }) {
      const upload = await store.createMultipart?.(KEY)
      await upload?.putPart(1, bytesOf(PART_BYTES, 0))
      await upload?.abort()
    },
  }

  test.each([1, 2])('is found, and the upload aborted again, %i times', async (times) => {
    const { outcome, error } = await runAndCheck(world({ way: reopening(times) }), abort)
    expect(outcome, String(error)).toBe('well')
  })

  test('is told of when it does not end', async () => {
    const { error } = await runAndCheck(world({ way: reopening(Number.POSITIVE_INFINITY) }), abort)
    expect(error).toMatchObject({ code: 'conflict', uploadId: expect.any(String) })
  })
})
