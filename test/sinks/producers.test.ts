import { describe, expect, test } from 'vitest'
import type { Ack, Row, Store } from '../../src/contracts/index.ts'
import { isSluiceError } from '../../src/core/errors.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { createSink, type FileSink } from '../../src/sinks/create-sink.ts'
import { readManifest } from '../../src/sinks/manifest/read-manifest.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { Process } from './process.ts'

const step = (seq: number) => ({ producer: { id: 'job', epoch: 0, seq } })
const other = (seq: number) => ({ producer: { id: 'other', epoch: 0, seq } })
const row = (id: number): Row => ({ id })

function world(more: { readonly run?: string } = {}) {
  const base = memoryStore()
  const log = memoryLog()
  const start = (killAt?: number, after?: boolean) => {
    const process = new Process({ killAt, after })
    const sink: FileSink = createSink({
      store: process.store(base),
      log: process.log(log),
      format: jsonl(),
      stream: 's',
      shard: '0',
      probe: false,
      clock: virtualClock(),
      manifest: more.run !== undefined,
      ...more,
    })
    return { process, sink }
  }
  return { base, start }
}

/** The records of the visible files, by their ids. */
async function visible(store: Store): Promise<number[]> {
  const { files } = await readManifest({ store, stream: 's' })
  return idsIn(
    store,
    files.map(({ key }) => key),
  )
}

async function idsIn(store: Store, keys: readonly string[]): Promise<number[]> {
  const ids: number[] = []
  for (const key of keys) {
    const text = (await (await store.get(key))?.text()) ?? ''
    for (const line of text.trim().split('\n')) ids.push((JSON.parse(line) as { id: number }).id)
  }
  return ids.sort((a, b) => a - b)
}

const upTo = (end: number): number[] => Array.from({ length: end }, (_, id) => id)

/** A job that begins at its beginning, one record a request, and heeds what it is told: how many records it wrote again. */
async function job(sink: FileSink, end: number): Promise<number> {
  let duplicates = 0
  for (let seq = 0; seq < end; seq++) {
    try {
      if ((await sink.write([row(seq)], step(seq))).duplicate) duplicates++
    } catch (error) {
      if (!isSluiceError(error, 'already-exists') || error.expectedSeq === undefined) throw error
      seq = error.expectedSeq - 1
    }
  }
  return duplicates
}

/** One that knows its place, and goes on in spite of what it is told. */
async function everyWrite(sink: FileSink, from: number, end: number): Promise<void> {
  for (let seq = from; seq < end; seq++) {
    try {
      await sink.write([row(seq)], step(seq))
    } catch (error) {
      if (!isSluiceError(error, 'already-exists')) throw error
    }
  }
}

describe('writes of one producer that overlap', () => {
  test.each([false, true])(
    'are answered again after a crash, each of them, and kept once (after the effect: %s)',
    async (after) => {
      // The first call opens the log.
      for (let killAt = 2; killAt <= 6; killAt++) {
        const { base, start } = world()
        const { process, sink } = start(killAt, after)
        const acks: (Ack | undefined)[] = []
        const writes = upTo(5).map(async (seq) => {
          acks[seq] = await sink.write([row(2 * seq), row(2 * seq + 1)], step(seq))
        })
        await Promise.race([Promise.all(writes), process.killed])
        const next = start().sink
        const again = await Promise.all(
          upTo(5).map((seq) => next.write([row(2 * seq), row(2 * seq + 1)], step(seq))),
        )
        for (const [seq, { accepted, receipt }] of again.entries()) {
          expect([accepted, receipt.ranges[0]?.begin]).toEqual([2, 2 * seq])
          if (acks[seq]) expect(receipt.ranges).toEqual(acks[seq].receipt.ranges)
        }
        const kept = killAt - 2 + Number(after)
        expect(again.filter(({ duplicate }) => duplicate).length).toBeGreaterThanOrEqual(kept)
        const { files } = await next.close()
        const keys = files.map(({ key }) => key)
        expect(await idsIn(base, keys)).toEqual(upTo(10))
      }
    },
  )

  test('behind one that was not kept are refused, and told where to go on', async () => {
    const { start } = world()
    const { sink } = start()
    await sink.write([row(0)], step(0))
    const refused = { code: 'conflict', retryable: false, producerId: 'job', expectedSeq: 1 }
    for (const seq of [2, 3]) {
      await expect(sink.write([row(seq)], step(seq))).rejects.toMatchObject(refused)
    }
    await sink.write([row(1)], step(1))
    await expect(sink.write([row(9)], step(0))).rejects.toMatchObject({
      ...refused,
      expectedSeq: 2,
    })
    await sink.close()
  })
})

describe('a job that is run again', () => {
  test('unchanged, is told of what it wrote long ago that it was kept, and keeps nothing twice', async () => {
    const { base, start } = world()
    const first = start().sink
    expect(await job(first, 50)).toBe(0)
    const { files } = await first.close()
    const { sink } = start()
    await expect(sink.write([row(0)], step(0))).rejects.toMatchObject({
      code: 'already-exists',
      retryable: false,
      producerId: 'job',
      expectedSeq: 50,
    })
    expect(await job(sink, 50)).toBe(0)
    expect((await sink.write([row(49)], step(49))).duplicate).toBe(true)
    expect(await sink.close()).toMatchObject({ accepted: 0, fileCount: 0 })
    const keys = files.map(({ key }) => key)
    expect(await idsIn(base, keys)).toEqual(upTo(50))
  })

  test('as a run, keeps what it made visible: unchanged, and with more at its end', async () => {
    const { base, start } = world({ run: 'r' })
    for (const end of [50, 50, 53, 60]) {
      const { sink } = start()
      await job(sink, end)
      await sink.close()
      expect(await visible(base)).toEqual(upTo(end))
    }
  })

  test.each([
    ['is told what it wrote', (sink: FileSink) => job(sink, 150)],
    ['writes it all again', (sink: FileSink) => everyWrite(sink, 0, 150)],
    ['writes again what still waits', (sink: FileSink) => everyWrite(sink, 120, 150)],
    ['goes on behind it', (sink: FileSink) => everyWrite(sink, 150, 160)],
    ['has nothing left to write', async () => {}],
    ['hears of another producer', (sink: FileSink) => sink.write([row(150)], other(0))],
  ])(
    'as a run that added to visible files and was cut off, adds to them, when it %s',
    async (_, last) => {
      const { base, start } = world({ run: 'r' })
      const first = start().sink
      await job(first, 50)
      await first.close()
      const cutOff = start().sink
      await job(cutOff, 150)
      await cutOff.abort()
      expect(await visible(base)).toEqual(upTo(50))
      const { sink } = start()
      await last(sink)
      await sink.close()
      const ids = await visible(base)
      expect(ids.slice(0, 150)).toEqual(upTo(150))
    },
  )

  test('as a run that goes on behind what is visible, removes none of its own, whether it is cut off or not', async () => {
    for (const isCutOff of [false, true]) {
      const { base, start } = world({ run: 'r' })
      const first = start().sink
      await job(first, 50)
      await first.close()
      const second = start().sink
      await everyWrite(second, 50, 60)
      if (isCutOff) {
        await second.abort()
        await start().sink.close()
      } else await second.close()
      expect(await visible(base)).toEqual(upTo(60))
    }
  })

  test('keeps what a producer wrote that has nothing new, beside one whose records wait', async () => {
    const { base, start } = world({ run: 'r' })
    const first = start().sink
    await job(first, 50)
    await first.close()
    const cutOff = start().sink
    await cutOff.write([row(50)], other(0))
    await cutOff.abort()
    const { sink } = start()
    await job(sink, 50)
    await sink.close()
    expect(await visible(base)).toEqual(upTo(51))
  })

  test('as a run under a new epoch, takes the place of the epoch before, also when it is cut off', async () => {
    const { base, start } = world({ run: 'r' })
    const first = start().sink
    await job(first, 50)
    await first.close()
    const cutOff = start().sink
    for (const seq of upTo(3)) {
      await cutOff.write([row(900 + seq)], { producer: { id: 'job', epoch: 1, seq } })
    }
    await cutOff.abort()
    await start().sink.close()
    expect(await visible(base)).toEqual([900, 901, 902])
  })

  test('as a run that was cut off, takes the place of the run before', async () => {
    const { base, start } = world({ run: 'r' })
    const { sink } = start()
    await sink.write([row(900)])
    await sink.close()
    const cutOff = start().sink
    await job(cutOff, 50)
    await cutOff.abort()
    expect(await visible(base)).toEqual([900])
    const last = start().sink
    await job(last, 53)
    await last.close()
    expect(await visible(base)).toEqual(upTo(53))
  })
})
