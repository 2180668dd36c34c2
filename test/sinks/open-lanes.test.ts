import { describe, expect, test } from 'vitest'
import type { Lane, LaneState } from '../../src/contracts/index.ts'
import { Deadlines } from '../../src/sinks/policy/deadlines.ts'
import { OpenLanes } from '../../src/sinks/policy/open-lanes.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'

const encoding = { format: 'jsonl', schema: undefined }
const laneOf = (partition: string): Lane => ({ stream: 's', partition, shard: '0', schema: 'auto' })

function lanes(ageMs = 1000) {
  const clock = virtualClock()
  const aged: string[] = []
  const open = new OpenLanes({
    clock,
    deadlines: new Deadlines({ ageMs }),
    onDue: async (lane) => void aged.push(lane.partition),
  })
  const append = (partition: string, begin: number, end: number, bytes: number): void =>
    open.appended({ lane: laneOf(partition), begin, end }, bytes, clock.now(), encoding)
  const rest = (partition: string, begin: number, end: number, more: Partial<LaneState> = {}) =>
    open.cut({
      lane: laneOf(partition),
      begin,
      end,
      bytes: 0,
      openedAtMs: undefined,
      lastAtMs: undefined,
      encoding,
      ...more,
    })
  return { clock, aged, open, append, rest }
}

describe('open lanes', () => {
  test('a lane with nothing open is forgotten, its timer too', async () => {
    const { clock, aged, open, append, rest } = lanes()
    for (let user = 0; user < 1000; user++) {
      append(`user=${user}`, 0, 2, 20)
      rest(`user=${user}`, 2, 2)
    }
    append('user=7', 2, 3, 10)
    expect(open.open()).toMatchObject([{ lane: laneOf('user=7'), begin: 2, end: 3, bytes: 10 }])
    expect(open.get(laneOf('user=8'))).toBeUndefined()
    await clock.advance(1000)
    expect(aged).toEqual(['user=7'])
  })

  test('their bytes are counted as they come and go', () => {
    const { clock, open, append, rest } = lanes()
    append('a', 0, 2, 20)
    append('b', 0, 5, 50)
    append('a', 2, 4, 30)
    expect(open.bytes).toBe(100)
    rest('a', 1, 4, { bytes: 41, openedAtMs: clock.now() })
    expect([open.bytes, open.get(laneOf('a'))?.bytes]).toEqual([91, 41])
    rest('b', 5, 5)
    rest('a', 4, 4)
    expect(open.bytes).toBe(0)
    open.restore({
      lane: laneOf('c'),
      begin: 3,
      end: 4,
      bytes: 7,
      openedAtMs: 0,
      lastAtMs: 0,
      encoding,
    })
    expect(open.bytes).toBe(7)
  })

  test('what a cut leaves open is as old as the log says', async () => {
    const { clock, aged, append, rest } = lanes()
    append('a', 0, 2, 20)
    await clock.advance(900)
    append('a', 2, 4, 20)
    rest('a', 3, 4, { bytes: 10, openedAtMs: clock.now(), lastAtMs: clock.now() })
    await clock.advance(999)
    expect(aged).toEqual([])
    await clock.advance(1)
    expect(aged).toEqual(['a'])
  })
})
