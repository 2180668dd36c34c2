import { expect, test } from 'vitest'
import { S3Bucket } from '../../../src/compat/buildflow/index.ts'
import type { Log, Store } from '../../../src/contracts/index.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { nextTurn } from '../../../src/core/turn.ts'
import { memoryLog } from '../../../src/logs/memory.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { keysOf, recordsIn } from './sink-behaviours.ts'

const OPTIONS = { bucketName: 'b', filePath: 'out', fileFormat: 'JSON' } as const

test('a push whose outcome nobody knows is made again, and kept once', async () => {
  const store = memoryStore()
  const clock = virtualClock()
  const base = memoryLog<object>()
  const lost = new SluiceError('unavailable', 'The answer is lost')
  let opened = 0
  // Its first session keeps the first batch, and breaks before it says so.
  const log: Log<object> = {
    ...base,
    async open(owner) {
      const session = await base.open(owner)
      if (opened++ > 0) return session
      const append = session.append.bind(session)
      return Object.assign(session, {
        append: (batch: Parameters<typeof append>[0]) =>
          append(batch).then(() => Promise.reject(lost)),
        commit: () => Promise.reject(lost),
      })
    },
  }
  const bucket = new S3Bucket({ ...OPTIONS, store, clock, log: () => log })
  const sink = await bucket.sink()
  const pushed = sink.push([{ id: 1 }])
  let settled = false
  pushed.finally(() => {
    settled = true
  })
  while (!settled) {
    await clock.advance(60_000)
    await nextTurn()
  }
  expect(await pushed).toMatchObject({ accepted: 1, duplicate: true })
  await sink.push([{ id: 2 }])
  expect(await sink.close()).toMatchObject({ files: [{ records: 2 }] })
  const [key = ''] = await keysOf(store)
  expect(await recordsIn(store, key)).toEqual([{ id: 1 }, { id: 2 }])
})

test('a push that has failed for good stands in nobody’s way', async () => {
  const store = memoryStore()
  const sink = await new S3Bucket({ ...OPTIONS, store }).sink()
  await sink.push([{ id: 1 }])
  const signal = AbortSignal.abort()
  await expect(sink.push([{ id: 2 }], { signal })).rejects.toMatchObject({ code: 'aborted' })
  await sink.push([{ id: 3 }])
  await sink.close()
  const [key = ''] = await keysOf(store)
  expect(await recordsIn(store, key)).toEqual([{ id: 1 }, { id: 3 }])
})

test('an error names the key as the bucket has it, as files do', async () => {
  const plain = memoryStore()
  const store: Store = {
    ...plain,
    async put(key) {
      throw new SluiceError('permission-denied', `"${key}" may not be written`, { key })
    },
  }
  const bucket = new S3Bucket({
    bucketName: 'b',
    filePath: 'path/to/out',
    fileFormat: 'JSON',
    store,
  })
  const sink = await bucket.sink()
  await sink.push([{ id: 1 }])
  for (const work of [() => sink.flush(), () => sink.close()]) {
    const error: unknown = await work().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({
      code: 'permission-denied',
      key: expect.stringMatching(/^path\/to\/out-[0-9a-f-]{36}\.jsonl$/),
      message: expect.stringContaining('"path/to/out-'),
    })
  }
  await sink.abort()
})

test('a proxy that lets nobody look is a verdict', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const boom = () => {
    throw new Error('trap')
  }
  const sink = await new S3Bucket({ ...OPTIONS, store: memoryStore() }).sink()
  const odd = [proxy, new Proxy({}, { ownKeys: boom }), new Proxy([], { get: boom }), { in: proxy }]
  const ack = await sink.push([...odd, { ok: 1 }])
  expect(ack).toMatchObject({ accepted: 1, rejected: [{}, {}, {}, {}] })
  await sink.close()
})
