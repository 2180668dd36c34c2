import { describe, expect, test } from 'vitest'
import type { Row, Store } from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { segmentLog } from '../../src/logs/segments/segment-log.ts'
import { ModelFolder } from '../logs/segments/model-folder.ts'
import { type Bench, bench, rows, stored } from './harness.ts'
import { Process } from './process.ts'

const FULL = (): never => {
  throw new Error('ENOSPC')
}

/** A sink whose log is on a disk that can be full. */
function world() {
  const folder = new ModelFolder()
  const of = bench({ log: segmentLog<Row>(folder), rotate: { ageMs: 60_000 } })
  const fill = (): void => {
    folder.before = ({ kind }) => (kind === 'append' ? FULL() : undefined)
  }
  const free = (): void => {
    folder.before = () => {}
  }
  return { ...of, folder, fill, free }
}

const idsOf = async (store: Store): Promise<unknown[]> =>
  Object.values(await stored(store))
    .flat()
    .map(({ id }) => id)

const step = (seq: number) => ({ producer: { id: 'p', epoch: 0, seq } })

/** Lets the clock run until it is so. */
async function passes({ clock }: Bench, what: () => Promise<unknown>): Promise<void> {
  await expect
    .poll(async () => {
      await clock.advance(30_000)
      return what()
    })
    .toBe(true)
}

describe('a disk that is full for a while', () => {
  test.each([0, 1, 2])('fails writes, and %i further ones; the next one is kept', async (more) => {
    const { store, sink, fill, free } = world()
    await sink.write(rows(0, 2), step(0))
    fill()
    for (let i = 0; i <= more; i++) {
      await expect(sink.write(rows(2, 4), step(1))).rejects.toMatchObject({ code: 'unavailable' })
    }
    free()
    expect(await sink.write(rows(2, 4), step(1))).toMatchObject({ accepted: 2, duplicate: false })
    const { accepted, files } = await sink.close()
    expect([accepted, files.length]).toEqual([4, 1])
    expect(await idsOf(store)).toEqual([0, 1, 2, 3])
  })

  test('holds up a file, which becomes visible afterwards though nobody writes', async () => {
    const of = world()
    const { receipt } = await of.sink.write(rows(0, 2))
    of.fill()
    await of.clock.advance(61_000)
    await of.clock.advance(600_000)
    expect(await idsOf(of.store)).toEqual([])
    of.free()
    await passes(of, async () => (await idsOf(of.store)).length === 2)
    expect(await receipt.committed()).toMatchObject({ records: 2 })
    await of.sink.close()
  })

  test('fails a flush, and the next one brings all of it', async () => {
    const { store, sink, fill, free } = world()
    await sink.write(rows(0, 2))
    fill()
    await expect(sink.flush()).rejects.toMatchObject({ code: 'unavailable' })
    free()
    expect(await sink.flush()).toHaveLength(1)
    expect(await idsOf(store)).toEqual([0, 1])
    await sink.close()
  })

  test('ends nothing that is aborted meanwhile', async () => {
    const of = world()
    await of.sink.write(rows(0, 2))
    of.fill()
    await expect(of.sink.flush()).rejects.toMatchObject({ code: 'unavailable' })
    await of.sink.abort()
    of.free()
    const { length } = of.folder.operations
    await of.clock.advance(600_000)
    expect(of.folder.operations).toHaveLength(length)
  })
})

test('a sink whose log another one has opened does not take it back', async () => {
  const { store, sink, folder, reopen, fill, free } = world()
  await sink.write(rows(0, 2))
  const successor = reopen({ log: segmentLog<Row>(folder) })
  await successor.open()
  fill()
  await expect(sink.write(rows(2, 4))).rejects.toMatchObject({ code: 'fenced' })
  free()
  await expect(sink.write(rows(2, 4))).rejects.toMatchObject({ code: 'fenced' })
  await successor.write(rows(4, 6))
  await successor.close()
  expect(await idsOf(store)).toEqual([0, 1, 4, 5])
})

test('a call that a log fails, and which goes on, is no reason to open it again', async () => {
  const log = memoryLog()
  let failures = 0
  const process = new Process({
    onCall(name) {
      if (name === 'append' && failures++ === 0) throw new SluiceError('unavailable', 'busy')
    },
  })
  const { sink, store } = bench({ log: process.log(log) })
  await expect(sink.write(rows(0, 2))).rejects.toMatchObject({ code: 'unavailable' })
  await sink.write(rows(2, 4))
  await sink.close()
  expect(process.count('open')).toBe(1)
  expect(await idsOf(store)).toEqual([2, 3])
})
