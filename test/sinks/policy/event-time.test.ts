import { describe, expect, test } from 'vitest'
import type { Row } from '../../../src/contracts/index.ts'
import type { SinkOptions } from '../../../src/sinks/create-sink.ts'
import { type CalendarUnit, WallClock } from '../../../src/sinks/policy/wall-clock.ts'
import { bench, key, stored } from '../harness.ts'

const at = (text: string): Row => ({ at: `${text}Z` })
const HOUR_MS = 3_600_000

async function partitionsOf(partition: SinkOptions['partition'], rows: Row[]): Promise<string[]> {
  const { sink } = bench({ partition })
  const { receipt, rejected } = await sink.write(rows)
  await sink.close()
  return [...receipt.ranges.map(({ lane }) => lane.partition), ...rejected.map(({ path }) => path)]
}

describe('what clocks show', () => {
  test.each<[CalendarUnit, string, string, string, string]>([
    ['month', 'UTC', '2026-12-31T23:59:59.999Z', '2026-12', '2027-01-01T00:00:00.000Z'],
    ['day', 'UTC', '2028-02-29T00:00:00.000Z', '2028-02-29', '2028-03-01T00:00:00.000Z'],
    ['hour', 'UTC', '2026-11-21T13:05:00.000Z', '2026-11-21T13', '2026-11-21T14:00:00.000Z'],
    ['minute', 'UTC', '1969-12-31T23:59:00.000Z', '1969-12-31T23-59', '1970-01-01T00:00:00.000Z'],
    ['day', 'Europe/Berlin', '2026-11-20T23:30:00.000Z', '2026-11-21', '2026-11-21T23:00:00.000Z'],
    [
      'hour',
      'Asia/Kathmandu',
      '2026-11-21T13:05:00.000Z',
      '2026-11-21T18',
      '2026-11-21T13:15:00.000Z',
    ],
    // Forwards: after 01:59 comes 03:00.
    [
      'hour',
      'Europe/Berlin',
      '2026-03-29T00:59:59.999Z',
      '2026-03-29T01',
      '2026-03-29T01:00:00.000Z',
    ],
    ['day', 'Europe/Berlin', '2026-03-29T12:00:00.000Z', '2026-03-29', '2026-03-29T22:00:00.000Z'],
    // Back: 02:00 to 02:59 come twice.
    [
      'hour',
      'Europe/Berlin',
      '2026-10-25T00:00:00.000Z',
      '2026-10-25T02',
      '2026-10-25T02:00:00.000Z',
    ],
    [
      'hour',
      'Europe/Berlin',
      '2026-10-25T01:59:59.999Z',
      '2026-10-25T02',
      '2026-10-25T02:00:00.000Z',
    ],
    [
      'hour',
      'Europe/Berlin',
      '2026-10-24T23:00:00.000Z',
      '2026-10-25T01',
      '2026-10-25T00:00:00.000Z',
    ],
    ['day', 'Europe/Berlin', '2026-10-25T12:00:00.000Z', '2026-10-25', '2026-10-25T23:00:00.000Z'],
    [
      'hour',
      'Australia/Lord_Howe',
      '2026-04-04T15:10:00.000Z',
      '2026-04-05T01',
      '2026-04-04T15:30:00.000Z',
    ],
  ])('%s in %s: %s is in %s, which ends at %s', (unit, zone, moment, text, end) => {
    const clock = new WallClock(unit, zone)
    expect(clock.text(Date.parse(moment))).toBe(text)
    expect(new Date(clock.endOf(text) ?? 0).toISOString()).toBe(end)
  })

  test('every hour of two years ends when the next one begins', () => {
    for (const zone of ['Europe/Berlin', 'America/St_Johns', 'Pacific/Apia', 'UTC']) {
      const clock = new WallClock('hour', zone)
      for (let ms = Date.UTC(2026, 0, 1); ms < Date.UTC(2028, 0, 1); ms += 23 * HOUR_MS) {
        const text = clock.text(ms)
        const end = clock.endOf(text) ?? 0
        expect([clock.text(end - 1), clock.text(end) === text], `${zone} ${ms}`).toEqual([
          text,
          false,
        ])
      }
    }
  })

  test('another unit’s text, or none at all, ends never', () => {
    const clock = new WallClock('hour', 'UTC')
    for (const text of ['2026-11-21', '2026-11-21T13-05', 'x', '', '__HIVE_DEFAULT_PARTITION__']) {
      expect(clock.endOf(text)).toBeUndefined()
    }
  })
})

describe('a partition by time', () => {
  test('takes a field’s Date, milliseconds or text, or a function', async () => {
    const date = new Date('2026-01-01T10:30:00Z')
    for (const value of [date, date.getTime(), date.toISOString(), '2026-01-01T12:30:00+02:00']) {
      expect(await partitionsOf({ time: 'at', by: 'hour' }, [{ at: value }])).toEqual([
        'hour=2026-01-01T10',
      ])
    }
    const time = (row: Row): Date => new Date(Number(row.s) * 1000)
    expect(await partitionsOf({ time, by: 'day' }, [{ s: 86_400 }])).toEqual(['day=1970-01-02'])
  })

  test('stands among fields, and is evaluated for each record', async () => {
    const partition = ['country', { time: 'at', by: 'day', timeZone: 'Asia/Tokyo' }] as const
    const some = ['2026-01-01T14:59:59', '2026-01-01T15:00:00', '2026-01-01T14:00:00']
    expect(
      await partitionsOf(
        partition,
        some.map((text) => ({ country: 'JP', ...at(text) })),
      ),
    ).toEqual(['country=JP/day=2026-01-01', 'country=JP/day=2026-01-02'])
  })

  test.each([
    undefined,
    null,
    '',
    'yesterday',
    '2026-01-01T10:30:00',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    8.64e15,
    -8.64e15,
    new Date(Number.NaN),
    {},
    1n,
  ])('rejects the record whose time is %s, by its field', async (value) => {
    const { sink } = bench({ partition: { time: 'a/t', by: 'hour' } })
    const { accepted, rejected } = await sink.write([{ 'a/t': value, x: 1 }])
    const path = typeof value === 'bigint' ? '/a~1t' : rejected[0]?.path
    expect([accepted, rejected[0]?.code, path]).toEqual([0, 'invalid-record', '/a~1t'])
    await sink.close()
  })

  test.each([
    { time: 'at', by: 'week' },
    { time: 5, by: 'day' },
    { time: 'at', by: 'day', timeZone: 'Mars/Phobos' },
    { time: 'at', by: 'day', allowedLateMs: -1 },
    { time: 'at', by: 'day', late: 'reject' },
    { time: 'at', by: 'day', allowedLateMs: 1, late: 'drop' },
    { time: 'at', by: 'day', zone: 'UTC' },
    ['day', { time: 'at', by: 'day' }],
    [
      { time: 'at', by: 'day' },
      { time: 'at', by: 'hour' },
    ],
    ['late', { time: 'at', by: 'day', allowedLateMs: 1, late: 'separate' }],
    ['a', 'a'],
  ])('%j is refused', (partition) => {
    expect(() => bench({ partition: partition as never })).toThrow(
      expect.objectContaining({ code: 'invalid-options' }),
    )
  })
})

describe('the watermark', () => {
  const time = { time: 'at', by: 'hour', allowedLateMs: HOUR_MS } as const
  /** The clock stands at 2026-01-01T00:00:00Z, and moves on so that the events are in the past. */
  async function day(options: Partial<SinkOptions> = {}) {
    const started = bench({ partition: time, rotate: { ageMs: 1e9 }, ...options })
    await started.clock.advance(24 * HOUR_MS)
    return started
  }

  test('closes a partition when its end is as far behind as records may be late', async () => {
    const sealed: unknown[] = []
    const { sink } = await day({
      onEvent: (event) => event.type === 'sealed' && sealed.push(event),
    })
    const { receipt } = await sink.write([at('2026-01-01T01:10:00')])
    await sink.write([at('2026-01-01T02:10:00')])
    await sink.write([at('2026-01-01T02:59:59'), at('2026-01-01T01:50:00')])
    expect(sealed).toEqual([])
    await sink.write([at('2026-01-01T03:00:00')])
    const { files } = await receipt.committed()
    expect(files.map((file) => file.key)).toEqual([key(0, 2, 'hour=2026-01-01T01')])
    expect(sealed).toMatchObject([{ reason: 'watermark' }])
    expect((await sink.explain()).map(({ lane }) => lane.partition)).toEqual([
      'hour=2026-01-01T02',
      'hour=2026-01-01T03',
    ])
    await sink.close()
  })

  test('is moved by each record, also within one write', async () => {
    const { sink } = await day({ partition: { ...time, late: 'reject' } })
    const { rejected } = await sink.write([
      at('2026-01-01T01:00:00'),
      at('2026-01-01T05:00:00'),
      at('2026-01-01T01:00:00'),
      at('2026-01-01T04:00:00'),
    ])
    expect(rejected).toMatchObject([{ index: 2, path: '/at', code: 'invalid-record' }])
    await sink.close()
  })

  test('late records are accepted as another file of their partition, not one for each write', async () => {
    const { sink, store, clock } = await day({ rotate: { idleMs: 5000 } })
    await sink.write([at('2026-01-01T01:00:00'), at('2026-01-01T09:00:00')])
    await sink.write([at('2026-01-01T01:30:00')])
    await sink.write([at('2026-01-01T01:40:00')])
    await clock.advance(5000)
    const partition = 'hour=2026-01-01T01'
    expect(Object.keys(await stored(store, `s/${partition}`))).toEqual([
      key(0, 1, partition),
      key(1, 3, partition),
    ])
    await sink.close()
  })

  test('or separated, on a level that all files have', async () => {
    const { sink } = await day({ partition: ['c', { ...time, late: 'separate' }] })
    const { receipt } = await sink.write([
      { c: 1, ...at('2026-01-01T01:00:00') },
      { c: 1, ...at('2026-01-01T09:00:00') },
      { c: 1, ...at('2026-01-01T01:30:00') },
    ])
    expect(receipt.ranges.map(({ lane }) => lane.partition)).toEqual([
      'c=1/hour=2026-01-01T01/late=false',
      'c=1/hour=2026-01-01T09/late=false',
      'c=1/hour=2026-01-01T01/late=true',
    ])
    await sink.close()
  })

  test('is not moved beyond now by a clock that is wrong, nor by what was not kept', async () => {
    const { sink } = await day({ partition: { ...time, late: 'reject' } })
    const now = at('2026-01-01T23:59:00')
    await sink.write([at('2099-01-01T00:00:00')])
    expect(await sink.write([now])).toMatchObject({ accepted: 1 })
    const stop = new AbortController()
    const refused = sink.write(
      (function* () {
        yield at('2026-01-01T23:59:30')
        stop.abort()
      })(),
      { signal: stop.signal },
    )
    await expect(refused).rejects.toMatchObject({ code: 'aborted' })
    expect(await sink.write([at('2026-01-01T22:30:00')])).toMatchObject({ accepted: 0 })
    await sink.close()
  })

  test('begins anew after a restart, and what was open is closed by it', async () => {
    const { sink, reopen } = await day()
    const { receipt } = await sink.write([at('2026-01-01T01:00:00')])
    await sink.abort()
    const second = reopen()
    await second.write([at('2026-01-01T09:00:00')])
    expect(await second.receipt(receipt.id).committed()).toMatchObject({
      files: [{ key: key(0, 1, 'hour=2026-01-01T01') }],
    })
    await second.close()
  })
})
