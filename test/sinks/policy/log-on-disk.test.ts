import { expect, test } from 'vitest'
import type { Log, SinkEvent, Store } from '../../../src/contracts/index.ts'
import { approximateBytes } from '../../../src/core/sizes.ts'
import { memoryLog } from '../../../src/logs/memory.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { bench, stored } from '../harness.ts'

const row = (id: number, p = 'a') => ({ p, id, text: 'x'.repeat(900) })
/** Of any that these tests write. */
const ROW_BYTES = approximateBytes(row(0))
/** Nothing but the log closes a file. */
const rotate = { bytes: Number.POSITIVE_INFINITY, ageMs: Number.POSITIVE_INFINITY }

/** To the sink, rows in it take no memory. */
function diskLog(): Log {
  return { ...memoryLog(), inMemory: false }
}

/** Reasons and sizes of the files that are cut. */
function cuts(): { readonly told: string[]; readonly onEvent: (event: SinkEvent) => void } {
  const told: string[] = []
  const onEvent = (event: SinkEvent): void => {
    if (event.type !== 'sealed') return
    told.push(`${event.reason} ${event.lane.partition} ${event.records}`)
  }
  return { told, onEvent }
}

/** A store that puts nothing before it is told to. */
function gated(): { readonly store: Store; readonly open: () => void } {
  const base = memoryStore()
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const put: Store['put'] = async (...args) => {
    await opened
    return base.put(...args)
  }
  return { store: { ...base, put }, open }
}

test('is cut when more than half of it is open, and takes as much again while that file is published', async () => {
  const { store, open } = gated()
  const { told, onEvent } = cuts()
  const maxPendingBytes = 10 * ROW_BYTES
  const { sink } = bench({ store, log: diskLog(), maxPendingBytes, rotate, onEvent })
  for (let id = 0; id < 5; id++) await sink.write([row(id)])
  const left = async () => (await sink.explain())[0]?.limits.slice(1)
  expect(await left()).toEqual([{ reason: 'memory', bytes: 0 }])
  expect(told).toEqual([])
  await sink.write([row(5)])
  for (let id = 6; id < 10; id++) await sink.write([row(id)])
  expect(told).toEqual(['memory  6'])
  // Of what the file leaves: it lies in the log until it is visible.
  expect(await left()).toEqual([{ reason: 'memory', bytes: 0 }])
  const waits = sink.write([row(10)])
  open()
  expect(await waits).toMatchObject({ accepted: 1 })
  await sink.close()
  const ids = Object.values(await stored(store)).flat()
  expect(ids.map(({ id }) => id)).toEqual(Array.from({ length: 11 }, (_, id) => id))
})

test('says how much may come before half of it is open', async () => {
  const { sink } = bench({ log: diskLog(), maxPendingBytes: 10 * ROW_BYTES, rotate })
  await sink.write([row(0), row(1)])
  const [file] = await sink.explain()
  expect(file?.limits.at(-1)).toEqual({ reason: 'memory', bytes: 3 * ROW_BYTES })
  await sink.close()
})

test('loses its largest files first, and no more than needed', async () => {
  const { told, onEvent } = cuts()
  const maxPendingBytes = 20 * ROW_BYTES
  const options = { log: diskLog(), maxPendingBytes, rotate, partition: ['p'], onEvent }
  const { sink } = bench(options)
  const write = (partitions: string) => sink.write(Array.from(partitions, (p, id) => row(id, p)))
  await write('abbccc')
  await write('')
  expect(told).toEqual([])
  await write('dddddeeeee')
  // The cut has its turn after the write, and this one after the cut.
  await write('')
  expect(told).toEqual(['memory p=d 5', 'memory p=e 5'])
  await sink.close()
})

test('is cut when it is opened with more than that', async () => {
  const { told, onEvent } = cuts()
  const options = { log: diskLog(), maxPendingBytes: 10 * ROW_BYTES, rotate, onEvent }
  const { sink, reopen } = bench(options)
  for (let id = 0; id < 4; id++) await sink.write([row(id)])
  await sink.abort()
  const next = reopen({ maxPendingBytes: 6 * ROW_BYTES })
  await next.write([])
  await next.write([])
  expect(told).toEqual(['memory  4'])
  await next.close()
})

test('in memory is cut when it is full', async () => {
  const { told, onEvent } = cuts()
  const { sink } = bench({ maxPendingBytes: 10 * ROW_BYTES, rotate, onEvent })
  for (let id = 0; id < 10; id++) await sink.write([row(id)])
  expect(told).toEqual([])
  await sink.write([row(10)])
  expect(told).toEqual(['memory  10'])
  await sink.close()
})
