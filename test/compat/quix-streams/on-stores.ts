import { parquetReadObjects } from 'hyparquet'
import { ungzip } from 'pako'
import { expect, test } from 'vitest'
import {
  type FileSink,
  type FileSinkOptions,
  fileSink,
  jsonFormat,
  type SinkRecord,
} from '../../../src/compat/quix-streams/index.ts'
import type { Store } from '../../../src/contracts/index.ts'

/** A message of the documented topic. Its time is told by its offset, as it is when it is read again. */
export function message(offset: number, value: unknown = { n: offset }): SinkRecord {
  return { topic: 'sink-topic', partition: 0, offset, timestamp: 1_000 + offset, value, key: 'k' }
}

export const PARTITION = { topic: 'sink-topic', partition: 0 }

/** Objects by key, gzip unpacked, as text. */
export async function textsOf(store: Store): Promise<Record<string, string>> {
  const texts: Record<string, string> = {}
  for await (const entry of store.list()) {
    if (entry.kind !== 'object') continue
    const bytes = (await (await store.get(entry.key))?.bytes()) ?? new Uint8Array()
    const plain = entry.key.endsWith('.gz') ? ungzip(bytes) : bytes
    texts[entry.key] = new TextDecoder().decode(plain)
  }
  return texts
}

/** The `n` of each line, by the offset in the file's name. */
export async function numbersOf(store: Store): Promise<Record<number, number[]>> {
  const numbers: Record<number, number[]> = {}
  for (const [key, text] of Object.entries(await textsOf(store))) {
    const lines = text.trimEnd().split('\n')
    numbers[Number(/(\d{19})\./.exec(key)?.[1])] = lines.map((line) => JSON.parse(line)._value.n)
  }
  return numbers
}

export function addAll(sink: FileSink, from: number, to: number): void {
  for (let offset = from; offset < to; offset++) sink.add(message(offset))
}

/** What a sink does on every store. `create` gives an empty one. */
export function fileSinkCases(create: () => Promise<Store>): void {
  const place = async (options: Partial<FileSinkOptions> = {}) => {
    const store = await create()
    const sink = (): FileSink => fileSink({ directory: 'data', destination: store, ...options })
    return { store, sink }
  }

  test('the documented tree, and lines of time, key and value', async () => {
    const { store, sink: make } = await place({ layout: 'quix' })
    const sink = make()
    sink.add(message(123, { größe: [1, null] }))
    sink.add({ ...message(7), partition: 1, key: undefined })
    const written = await sink.flush()
    const file = 'data/sink_topic/0/0000000000000000123.jsonl'
    expect(written[0]).toEqual({ ...PARTITION, key: file, begin: 123n, end: 124n, records: 1 })
    expect(await textsOf(store)).toEqual({
      [file]: '{"_timestamp":1123,"_key":"k","_value":{"größe":[1,null]}}\n',
      'data/sink_topic/1/0000000000000000007.jsonl':
        '{"_timestamp":1007,"_key":null,"_value":{"n":7}}\n',
    })
    expect(await store.head(file)).toMatchObject({ contentType: 'application/x-ndjson' })
  })

  test('a file for each flush; none for an empty one, and for what was forgotten', async () => {
    const { store, sink: make } = await place()
    const sink = make()
    addAll(sink, 0, 2)
    expect(sink.pendingBytes).toBeGreaterThan(0)
    await sink.flush()
    expect(sink.pendingBytes).toBe(0)
    addAll(sink, 2, 4)
    await sink.flush()
    expect(await sink.flush()).toEqual([])
    addAll(sink, 4, 6)
    sink.onPaused()
    expect(sink.pendingBytes).toBe(0)
    expect(await sink.flush()).toEqual([])
    expect(await numbersOf(store)).toEqual({ 0: [0, 1], 2: [2, 3] })
    expect(Object.keys(await textsOf(store))[0]).toMatch(/^data\/sink-topic\/0\//)
  })

  test('read again, a longer file takes the place of a shorter one, and a late shorter one of none', async () => {
    const { store, sink: make } = await place()
    const late = make()
    addAll(late, 5, 7)
    const owner = make()
    addAll(owner, 5, 6)
    await owner.flush()
    const next = make()
    addAll(next, 5, 9)
    await next.flush()
    expect(await numbersOf(store)).toEqual({ 5: [5, 6, 7, 8] })
    const [file] = await late.flush()
    expect(file).toMatchObject({ begin: 5n, end: 7n })
    expect(await numbersOf(store)).toEqual({ 5: [5, 6, 7, 8] })
  })

  test('messages of a topic that was made anew are not taken for those that were appended', async () => {
    const { sink: make } = await place({ append: true })
    const old = make()
    addAll(old, 0, 5)
    await old.flush()
    const anew = make()
    for (let n = 0; n < 3; n++) anew.add({ ...message(n), timestamp: 9_000_000 + n })
    await expect(anew.flush()).rejects.toMatchObject({ code: 'already-exists' })
  })

  test('messages of a topic that was made anew, and files of others, are not replaced', async () => {
    const { store, sink: make } = await place()
    const old = make()
    addAll(old, 0, 2)
    await old.flush()
    const anew = make()
    for (let n = 0; n < 3; n++) anew.add({ ...message(n), timestamp: 9_000_000 + n })
    await expect(anew.flush()).rejects.toMatchObject({ code: 'already-exists' })
    await store.put('data/sink-topic/0/0000000000000000009.jsonl', new Uint8Array(1))
    const other = make()
    addAll(other, 9, 10)
    await expect(other.flush()).rejects.toMatchObject({ code: 'already-exists' })
  })

  test.each([false, true])(
    'appends to the last file of the partition (gzip: %s), and nothing twice',
    async (compress) => {
      const options = { append: true, format: jsonFormat({ compress }) }
      const { store, sink: make } = await place(options)
      const sink = make()
      addAll(sink, 3, 5)
      await sink.flush()
      addAll(sink, 5, 6)
      await sink.flush()
      const again = make()
      addAll(again, 4, 8)
      expect(await again.flush()).toMatchObject([{ begin: 4n, end: 8n }])
      const behind = make()
      addAll(behind, 3, 5)
      await behind.flush()
      expect(await numbersOf(store)).toEqual({ 3: [3, 4, 5, 6, 7] })
    },
  )

  test('appends to a file of many MiB', async () => {
    const { store, sink: make } = await place({ append: true })
    const sink = make()
    const text = 'x'.repeat(1024 * 1024)
    for (let n = 0; n < 7; n++) sink.add(message(n, { n, text }))
    await sink.flush()
    for (let n = 7; n < 9; n++) {
      addAll(sink, n, n + 1)
      await sink.flush()
    }
    expect(await numbersOf(store)).toEqual({ 0: [0, 1, 2, 3, 4, 5, 6, 7, 8] })
  })

  test('exactly once: files are a chain, and whoever comes second is told', async () => {
    const { store, sink: make } = await place({ exactlyOnce: true })
    const first = make()
    const second = make()
    expect(await first.resume(PARTITION)).toBeUndefined()
    expect(await second.resume(PARTITION)).toBeUndefined()
    // What comes before it is in no file: the first one is named 0 wherever it begins.
    addAll(first, 10, 12)
    addAll(second, 10, 14)
    expect(await first.flush()).toMatchObject([{ begin: 0n, end: 12n }])
    await expect(second.flush()).rejects.toMatchObject({ code: 'fenced' })
    expect(await second.resume(PARTITION)).toBe(12n)
    // Offsets that no message has lie within.
    addAll(second, 15, 17)
    expect(await second.flush()).toMatchObject([{ begin: 12n, end: 17n }])
    addAll(first, 12, 20)
    await expect(first.flush()).rejects.toMatchObject({ code: 'fenced' })
    expect(await first.resume(PARTITION)).toBe(17n)
    expect(await numbersOf(store)).toEqual({ 0: [10, 11], 12: [15, 16] })
  })

  test('exactly once: groups with offsets of their own begin one chain', async () => {
    const { store, sink: make } = await place({ exactlyOnce: true })
    const [first, second] = [make(), make()]
    expect(await first.resume(PARTITION, { committed: 10n })).toBeUndefined()
    expect(await second.resume(PARTITION, { committed: 12n })).toBeUndefined()
    addAll(first, 10, 15)
    addAll(second, 12, 20)
    expect(await second.flush()).toMatchObject([{ begin: 0n, end: 20n }])
    await expect(first.flush()).rejects.toMatchObject({ code: 'fenced' })
    expect(await first.resume(PARTITION, { committed: 10n })).toBe(20n)
    expect(await numbersOf(store)).toEqual({ 0: [12, 13, 14, 15, 16, 17, 18, 19] })
  })

  test('exactly once: files of a topic that was made anew are told by its id', async () => {
    const { store, sink: make } = await place({ exactlyOnce: true })
    const [old, late] = [make(), make()]
    const [id, other] = [
      '0f1e2d3c-0000-4000-8000-000000000001',
      'ff1e2d3c-0000-4000-8000-000000000002',
    ]
    await old.resume(PARTITION, { topicId: id })
    await late.resume(PARTITION, { topicId: id })
    addAll(old, 0, 2)
    await old.flush()
    expect(
      (await store.head('data/sink-topic/0/0000000000000000000.jsonl'))?.metadata,
    ).toMatchObject({
      'sluice-topic': id,
    })
    const refused = { code: 'conflict', retryable: false }
    await expect(make().resume(PARTITION, { committed: 2n, topicId: other })).rejects.toMatchObject(
      refused,
    )
    // Whoever knows none believes the name.
    expect(await make().resume(PARTITION, { committed: 2n })).toBe(2n)
    expect(await late.resume(PARTITION, { committed: 2n, topicId: id })).toBe(2n)
  })

  test('exactly once: the last file is found wherever one looks first', async () => {
    const { sink: make } = await place({ exactlyOnce: true })
    const sink = make()
    await sink.resume(PARTITION, { committed: 5n })
    for (const offset of [5, 2_000, 2_001, 40_000]) {
      addAll(sink, offset, offset + 1)
      await sink.flush()
    }
    for (const hint of [undefined, 0n, 3n, 2_001n, 40_001n, 41_500n, 9_000_000n]) {
      expect(await make().resume(PARTITION, { committed: hint })).toBe(40_001n)
    }
  })

  test('Parquet: a row for each message, and a column for each member', async () => {
    const { store, sink: make } = await place({ format: 'parquet' })
    const sink = make()
    sink.add(message(0, { a: 1 }))
    sink.add(message(1, { b: 'x', a: null }))
    await sink.flush()
    const file = await store.get('data/sink-topic/0/0000000000000000000.parquet')
    const { buffer } = (await file?.bytes()) ?? new Uint8Array()
    expect(await parquetReadObjects({ file: buffer })).toEqual([
      { _timestamp: 1000, _key: 'k', a: 1, b: null },
      { _timestamp: 1001, _key: 'k', a: null, b: 'x' },
    ])
  })
}
