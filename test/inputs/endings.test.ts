/** How inputs end before their source does, and what they hold until then. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { Bytes, Row, Source } from '../../src/contracts/index.ts'
import { readLines } from '../../src/core/lines.ts'
import { csvRows, fromCsv } from '../../src/inputs/csv.ts'
import {
  fromJsonArray,
  fromNdjson,
  type InputOptions,
  jsonArrayRows,
  ndjsonRows,
} from '../../src/inputs/json.ts'
import { bytes } from './outcome.ts'

/** A body that says nothing after `text`, and what it was cancelled with. */
function quiet(text: string) {
  const cancelledWith: unknown[] = []
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(bytes(text))
      },
      cancel(reason) {
        cancelledWith.push(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, cancelledWith }
}

type From = (options?: InputOptions) => TransformStream<Uint8Array, Row>
type Rows = (source: Source<Uint8Array>, options?: InputOptions) => AsyncGenerator<Row, void>

describe.each<[string, From, Rows, string, string]>([
  ['CSV', fromCsv, csvRows, 'a\n1\n2', '3,4\n'],
  ['NDJSON', fromNdjson, ndjsonRows, '{"a":"1"}\n{"a', '}\n'],
  ['a JSON array', fromJsonArray, jsonArrayRows, '[{"a":"1"},{"a', '"},'],
])('%s', (_, from, rowsOf, beginning, fault) => {
  test('a stream is cancelled at once while its source is quiet, and the source is told why', async () => {
    const { stream, cancelledWith } = quiet(beginning)
    const refused: unknown[] = []
    const { readable, writable } = from({ onReject: (one) => refused.push(one) })
    const piping = stream.pipeTo(writable).catch((reason: unknown) => reason)
    const reader = readable.getReader()
    expect(await reader.read()).toEqual({ done: false, value: { a: '1' } })
    const waiting = reader.read()
    // Until the source is asked, through all that lies between.
    for (let i = 0; i < 1000; i++) await Promise.resolve()
    await reader.cancel('enough')
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(await piping).toBe('enough')
    expect(cancelledWith).toEqual(['enough'])
    // What was cut short is no record.
    expect(refused).toEqual([])
  })

  test('an iterable returns at once while its source is quiet', async () => {
    const { stream, cancelledWith } = quiet(beginning)
    const rows = rowsOf(stream)
    expect(await rows.next()).toEqual({ done: false, value: { a: '1' } })
    const waiting = rows.next()
    expect(await rows.return()).toEqual({ done: true, value: undefined })
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(cancelledWith).toHaveLength(1)
  })

  test('whoever writes is told of the record that ended it', async () => {
    const { stream } = quiet(beginning + fault)
    const { readable, writable } = from()
    const piping = stream.pipeTo(writable).catch((reason: unknown) => reason)
    const error: unknown = await Array.fromAsync(readable).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'invalid-record' })
    expect(await piping).toBe(error)
  })
})

describe('one record in chunks of one byte is held in a few times its bytes', () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const heldBytes = (): number => {
    gc()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const COUNT = 200_000

  test.each<[string, (source: AsyncIterable<Bytes>) => AsyncIterable<unknown>, string, number]>([
    ['CSV', csvRows, 'a\n"', 0x0a],
    ['NDJSON', ndjsonRows, '{"a":"', 0x61],
    ['a JSON array', jsonArrayRows, '[{"a":"', 0x61],
    ['a line', readLines, '', 0x61],
  ])('%s', async (_, read, start, byte) => {
    let before = 0
    let grown = 0
    async function* source(): AsyncGenerator<Bytes> {
      yield bytes(start) as Bytes
      before = heldBytes()
      for (let i = 0; i < COUNT; i++) {
        yield Uint8Array.of(byte)
        // Is no line end, and nothing to hold.
        yield new Uint8Array(0)
      }
      grown = heldBytes() - before
    }
    await Array.fromAsync(read(source())).catch(() => {})
    expect(grown).toBeLessThan(10 * COUNT)
  })
})
