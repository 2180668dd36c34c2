import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Bytes } from '../../src/contracts/index.ts'
import { ObjectUpload } from '../../src/core/object-upload.ts'
import { PartBuffers, SpareBuffers } from '../../src/core/part-buffers.ts'
import { partPlan } from '../../src/core/part-plan.ts'
import { PartsWriter } from '../../src/core/parts-writer.ts'
import { memoryStore } from '../../src/stores/memory.ts'

test('a buffer that was given back is the next one', () => {
  const buffers = new PartBuffers(32)
  const [one, two] = [buffers.take(16), buffers.take(16)]
  expect(buffers.fits(16)).toBe(false)
  buffers.give(one)
  expect(buffers.fits(16)).toBe(true)
  expect(buffers.take(16)).toBe(one)
  expect(one).not.toBe(two)
  expect(buffers.peakBytes).toBe(32)
})

test('what exists never passes the bound or two parts, while parts grow', () => {
  const steps = fc.array(fc.record({ grow: fc.nat(9), give: fc.boolean() }), { maxLength: 60 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 20, max: 100 }), (moves, maxBytes) => {
      const buffers = new PartBuffers(maxBytes)
      const out: Bytes[] = []
      let size = 10
      for (const { grow, give } of moves) {
        if (give && out.length > 0) buffers.give(out.shift() as Bytes)
        if (grow === 0) size += 7
        if (!buffers.fits(size)) continue
        const before = out.reduce((sum, { byteLength }) => sum + byteLength, 0)
        const taken = buffers.take(size)
        expect(taken.byteLength).toBe(size)
        expect(out).not.toContain(taken)
        out.push(taken)
        expect(before + size).toBeLessThanOrEqual(Math.max(maxBytes, 2 * size))
        expect(buffers.peakBytes).toBeGreaterThanOrEqual(before + size)
        expect(buffers.peakBytes).toBeLessThanOrEqual(Math.max(maxBytes, 2 * size))
      }
    }),
  )
})

test('spare buffers are those that were given last, and each is handed out once', () => {
  const spare = new SpareBuffers(2)
  const [one, two, three] = [new Uint8Array(8), new Uint8Array(8), new Uint8Array(16)]
  spare.give([one, two])
  spare.give([three])
  expect([spare.has(8), spare.has(16), spare.has(4)]).toEqual([true, true, false])
  expect([spare.take(8), spare.take(8), spare.take(16), spare.take(16)]).toEqual([
    two,
    undefined,
    three,
    undefined,
  ])
})

test('an upload is filled into the memory of the one before it, and is whole', async () => {
  const partBytes = 16
  const base = memoryStore({ capabilities: { multipart: { minPartBytes: partBytes } } })
  const memory: ArrayBuffer[] = []
  const create = base.createMultipart as NonNullable<typeof base.createMultipart>
  let kept: Uint8Array | undefined
  const store: typeof base = {
    ...base,
    put(key, body, options) {
      kept = body as Bytes
      return base.put(key, body, options)
    },
    async createMultipart(key, options) {
      const upload = await create(key, options)
      return Object.create(upload, {
        putPart: {
          value: (partNumber: number, body: Bytes) => {
            memory.push(body.buffer)
            return upload.putPart(partNumber, body)
          },
        },
      })
    },
  }
  const spare = new SpareBuffers(3)
  const write = async (key: string, content: Bytes): Promise<void> => {
    const plan = partPlan(key, store.capabilities, { partBytes })
    const writer = new PartsWriter(new ObjectUpload(store, key, { concurrency: 2 }, plan), 0, spare)
    for (let at = 0; at < content.length; at += 5) await writer.write(content.subarray(at, at + 5))
    await writer.close()
    expect(await (await store.get(key))?.bytes()).toEqual(content)
  }
  const bytes = (length: number): Bytes => Uint8Array.from({ length }, (_, i) => i + length)
  await write('a', bytes(100))
  const first = new Set(memory.splice(0))
  await write('b', bytes(90))
  expect(memory.length).toBeGreaterThan(3)
  expect(memory.every((buffer) => first.has(buffer))).toBe(true)
  // One that fits into a part is its store's: nothing is written over it.
  await write('c', bytes(9))
  await write('d', bytes(90))
  expect(kept).toEqual(bytes(9))
})
