import { describe, expect, test } from 'vitest'
import { FailureRow } from '../../../src/compat/kafka/failure-row.ts'

describe('Kafka’s failures in a row', () => {
  const failed = (times: number): FailureRow => {
    const row = new FailureRow()
    for (let i = 0; i < times; i++) row.add()
    return row
  }

  test('are waited for, longer each time, and the eighth is the last', () => {
    const row = new FailureRow()
    const waits = Array.from({ length: 8 }, () => row.add())
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, undefined])
  })

  test('end with a commit of messages', () => {
    const row = failed(7)
    row.committed(1)
    expect(row.attempts).toBe(0)
  })

  test('do not end with a commit of none, though each stream was asked once', () => {
    const row = failed(6)
    for (let i = 0; i < 2; i++) {
      row.opened()
      row.fetched()
      row.committed(0)
      row.add()
    }
    expect(row.attempts).toBe(8)
  })

  test('end where a topic without messages is asked again and again', () => {
    const row = failed(7)
    row.opened()
    row.fetched()
    row.fetched()
    row.committed(0)
    expect(row.attempts).toBe(0)
  })
})
