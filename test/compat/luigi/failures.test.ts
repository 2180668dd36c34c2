import { describe, expect, test } from 'vitest'
import { S3Client, S3Target } from '../../../src/compat/luigi/index.ts'
import type { Store } from '../../../src/contracts/index.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { gatewayFetch, s3StoreOver } from '../../stores/over-gateway.ts'
import { all, BUCKET, keysOf, uploadsOf } from './world.ts'

const clientOver = (store: Store, connections?: number): S3Client =>
  new S3Client({ buckets: { mybucket: store }, connections })

test('reading goes on where the connection was cut', async () => {
  const store = memoryStore()
  const lines = Array.from({ length: 30_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 50)}`)
  await clientOver(store).putString(lines.join('\n'), `${BUCKET}/key`)
  const gateway = gatewayFetch(store)
  let cuts = 0
  const cutting = s3StoreOver(async (url, init) => {
    const response = await gateway(url, init)
    if (init.method !== 'GET' || !response.body || cuts === 3) return response
    cuts++
    const reader = response.body.getReader()
    let left = 100_000
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await reader.read()
        if (done) return controller.close()
        controller.enqueue(value.subarray(0, left))
        left -= value.byteLength
        if (left <= 0) controller.error(new TypeError('terminated'))
      },
    })
    const { status, headers } = response
    return new Response(body, { status, headers })
  })
  await using file = await new S3Target(`${BUCKET}/key`, { client: clientOver(cutting) }).open()
  expect(await all(file)).toEqual(lines)
  expect(cuts).toBe(3)
})

describe('a copy of a folder', () => {
  async function filled(files: number): Promise<Store> {
    const store = memoryStore()
    const client = clientOver(store)
    for (let i = 0; i < files; i++) await client.putString('x', `${BUCKET}/from/${i}`)
    return store
  }

  test('has as many requests at once as threads and the runtime allow', async () => {
    const base = await filled(40)
    let [now, most] = [0, 0]
    const store: Store = {
      ...base,
      async copy(...call) {
        most = Math.max(most, ++now)
        await new Promise((resolve) => setImmediate(resolve))
        now--
        return (base.copy as NonNullable<Store['copy']>)(...call)
      },
    }
    const copy = async (connections: number | undefined, threads?: number): Promise<number> => {
      most = 0
      await clientOver(store, connections).copy(`${BUCKET}/from`, `${BUCKET}/to`, { threads })
      return most
    }
    expect(await copy(undefined)).toBe(6)
    expect(await copy(100)).toBe(40)
    expect(await copy(100, 3)).toBe(3)
    await expect(copy(100, 0)).rejects.toMatchObject({ code: 'invalid-options' })
  })

  test('begins nothing new after a failure, and tells the first one', async () => {
    const base = await filled(40)
    const tried: string[] = []
    const store: Store = {
      ...base,
      async copy(from, to, options) {
        tried.push(from)
        if (from === 'from/12') throw new SluiceError('permission-denied', 'not this one')
        return (base.copy as NonNullable<Store['copy']>)(from, to, options)
      },
    }
    const copied = clientOver(store, 4).copy(`${BUCKET}/from`, `${BUCKET}/to`)
    await expect(copied).rejects.toMatchObject({ code: 'permission-denied' })
    expect(tried.length).toBeLessThan(12)
    // A move that has not copied everything removes nothing.
    const moved = clientOver(store, 4).move(`${BUCKET}/from`, `${BUCKET}/to`)
    await expect(moved).rejects.toMatchObject({ code: 'permission-denied' })
    const left = (await keysOf(base)).filter((key) => key.startsWith('from/'))
    expect(left).toHaveLength(40)
  })
})

test('a removal tells which keys it could not delete, and removes the others', async () => {
  const base = memoryStore()
  for (let i = 0; i < 30; i++) await base.put(`d/${i}`, new Uint8Array(0))
  const error = new SluiceError('permission-denied', 'locked')
  const store: Store = {
    ...base,
    async delete(keys, options) {
      const all = typeof keys === 'string' ? [keys] : [...keys]
      const failed = all.filter((key) => key.endsWith('7')).map((key) => ({ key, error }))
      const others = all.filter((key) => !key.endsWith('7'))
      return { ...(await base.delete(others, options)), failed }
    },
  }
  await expect(clientOver(store).remove(`${BUCKET}/d`)).rejects.toMatchObject({
    code: 'permission-denied',
    message: '3 keys could not be deleted, among them "d/17", "d/27", "d/7"',
  })
  expect(await keysOf(base)).toEqual(['d/17', 'd/27', 'd/7'])
})

test('a signal ends a call, and leaves no upload', async () => {
  const store = memoryStore()
  const client = clientOver(store)
  const stop = new AbortController()
  const target = new S3Target(`${BUCKET}/key`, { client, partSize: 5 * 1024 ** 2 })
  const file = target.open('w', { signal: stop.signal })
  await file.write('x'.repeat(12 * 1024 ** 2))
  stop.abort()
  await expect(file.close()).rejects.toMatchObject({ code: 'aborted' })
  expect(await keysOf(store)).toEqual([])
  expect(await uploadsOf(store)).toEqual([])
  for (const call of [
    () => client.exists(`${BUCKET}/key`, { signal: stop.signal }),
    () => client.put(new Uint8Array(1), `${BUCKET}/key`, { signal: stop.signal }),
    () => client.copy(`${BUCKET}/key`, `${BUCKET}/to`, { signal: stop.signal }),
    () => client.remove(`${BUCKET}/key`, { signal: stop.signal }),
    () => all(client.list(BUCKET, { signal: stop.signal })),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'aborted' })
  }
})
