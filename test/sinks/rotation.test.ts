import { describe, expect, test } from 'vitest'
import { createSink } from '../../src/sinks/create-sink.ts'
import { type Rotate, Rotation } from '../../src/sinks/policy/rotation.ts'
import { bench, key, rows, stored } from './harness.ts'

const MIB = 1024 * 1024

describe('rotate', () => {
  test.each<Rotate>([
    { records: 2.5 },
    { records: 0.5 },
    { records: 2 ** 60 },
    { records: Number.NaN },
  ])('%j is refused: records come whole', (rotate) => {
    const { store } = bench()
    const format = {
      extension: 'x',
      contentType: 'x',
      check: () => undefined,
      encoder: () => {
        throw new Error()
      },
    }
    expect(() => createSink({ store, format, rotate })).toThrow(
      expect.objectContaining({ code: 'invalid-options' }),
    )
  })

  test('no limit is a limit that nothing reaches', () => {
    const rotation = new Rotation({
      records: Number.POSITIVE_INFINITY,
      bytes: Number.POSITIVE_INFINITY,
    })
    rotation.learn(1000, 10)
    expect(rotation.cut(1_000_000, 2 ** 40)).toBeUndefined()
  })
})

describe('the size of a file is learned', () => {
  /** Files of a format that writes 600 bytes of head and foot, and a fifth of the JSON. */
  const sizeOf = (jsonBytes: number): number => 600 + jsonBytes / 5

  function learnFile(rotation: Rotation): number {
    // Cut from plenty of records of 100 bytes.
    const records = rotation.cut(10_000_000, 1_000_000_000)?.records ?? 0
    const bytes = sizeOf(records * 100)
    rotation.learn(records * 100, bytes)
    return bytes
  }

  test.each([0, 5, 1000])(
    'after %d small files the next is no smaller than without them',
    (quiet) => {
      const rotation = new Rotation({ bytes: MIB })
      for (let i = 0; i < quiet; i++) rotation.learn(12, sizeOf(12))
      // As if records were as large as JSON; the small files say that they are fifty times that.
      expect(learnFile(rotation)).toBeGreaterThan(MIB / 5)
      for (let i = 0; i < 3; i++) learnFile(rotation)
      expect(Math.abs(learnFile(rotation) / MIB - 1)).toBeLessThan(0.25)
    },
  )

  test('and forgotten when files become others', () => {
    const rotation = new Rotation({ bytes: MIB })
    for (let i = 0; i < 100; i++) learnFile(rotation)
    for (let i = 0; i < 12; i++) rotation.learn(MIB, MIB)
    const { records = 0 } = rotation.cut(10_000_000, 1_000_000_000) ?? {}
    expect((records * 100) / MIB).toBeGreaterThan(0.8)
  })

  test('from records, not from dead letters', async () => {
    const { sink } = bench({ rotate: { bytes: 10_000 }, maxRecordBytes: 2000 })
    // Rejects are long, and their files larger than their size in memory: texts within a text.
    await sink.write(
      Array.from({ length: 100 }, () => ({ text: '"'.repeat(1900), bad: Number.NaN })),
    )
    await sink.flush()
    await sink.write(Array.from({ length: 1000 }, (_, id) => ({ id, text: 'x'.repeat(20) })))
    const files = (await sink.close()).files.filter(({ lane }) => lane.partition === '')
    for (const { bytes } of files.slice(0, -1))
      expect(Math.abs(bytes / 10_000 - 1)).toBeLessThan(0.25)
  })
})

describe('what a cut leaves open', () => {
  test('is as old as its own first record', async () => {
    const { sink, store, clock } = bench({ rotate: { records: 10, ageMs: 300_000 } })
    const first = await sink.write(rows(0, 1))
    await clock.advance(299_000)
    await sink.write(rows(1, 15))
    await first.receipt.committed()
    await clock.advance(299_999)
    expect(Object.keys(await stored(store))).toEqual([key(0, 10)])
    await clock.advance(1)
    expect(Object.keys(await stored(store))).toEqual([key(0, 10), key(10, 15)])
    await sink.close()
  })

  test('is named by the day and hour of its own first record', async () => {
    const name = '{date}/{hour}/{partition}{shard}{schema}{begin}'
    const { sink, store, clock } = bench({ rotate: { records: 10, ageMs: 1e9 }, name })
    const startMs = clock.now()
    await sink.write(rows(0, 1))
    await clock.advance(5 * 3_600_000)
    await sink.write(rows(1, 15))
    await clock.advance(3_600_000)
    await sink.close()
    const at = (ms: number): string => new Date(ms).toISOString().slice(0, 13).replace('T', '/')
    expect(Object.keys(await stored(store)).sort()).toEqual(
      [`${at(startMs)}/0auto0`, `${at(startMs + 5 * 3_600_000)}/0auto10`].sort(),
    )
  })
})
