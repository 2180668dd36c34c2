import { expect, test } from 'vitest'
import {
  initRecovery,
  runSink,
  StoreSink,
  type StoreSinkOptions,
  storeRecovery,
} from '../../../src/compat/bytewax/index.ts'
import type { Row, Store } from '../../../src/contracts/index.ts'
import { jsonl } from '../../../src/formats/jsonl.ts'
import { ABORT, listSource } from './tools.ts'

type Item = readonly [string, Row]

const byNumber = { format: jsonl(), assignPart: (key: string) => Number(key) }
const item = (key: string, n: number): Item => [key, { n }]
const items = [item('0', 1), item('1', 2), item('0', 3), item('0', 4)]

/** Objects under `out/`, as text by key. */
export async function outputOf(store: Store): Promise<Record<string, string>> {
  const texts: Record<string, string> = {}
  for await (const entry of store.list({ prefix: 'out/' })) {
    if (entry.kind !== 'object') continue
    texts[entry.key.slice('out/'.length)] = (await (await store.get(entry.key))?.text()) ?? ''
  }
  return texts
}

const name = (part: string, begin: number, extension = 'jsonl') =>
  `${part}/${String(begin).padStart(19, '0')}.${extension}`

/** Its process is gone when the first epoch with items is kept, and before any of it is seen. */
function dyingAtCommit(sink: StoreSink): StoreSink {
  const build = sink.buildPart.bind(sink)
  let written = false
  sink.buildPart = async (...args) => {
    const part = await build(...args)
    return {
      async writeBatch(rows) {
        await part.writeBatch(rows)
        written = true
      },
      snapshot: () => part.snapshot(),
      async committed() {
        // An earlier one says that the partition was built.
        if (written) throw new Error('The process is gone')
        await part.committed?.()
      },
    }
  }
  return sink
}

/** What an exactly-once output of objects does on every store. `create` gives an empty one. */
export function storeSinkCases(create: () => Promise<Store>): void {
  const place = async () => {
    const store = await create()
    await initRecovery(store, 'recovery')
    return { store, recovery: storeRecovery(store, 'recovery') }
  }
  const sinkOver = (store: Store, options: Partial<StoreSinkOptions<Row>> = {}) =>
    new StoreSink(store, 'out', 2, { ...byNumber, ...options })

  test('a file for each epoch and partition that was written, named by the position of its first record', async () => {
    const { store, recovery } = await place()
    await runSink(listSource(items, 3), sinkOver(store), { recovery, epochMs: 0 })
    expect(await outputOf(store)).toEqual({
      [name('part_0', 0)]: '{"n":1}\n{"n":3}\n',
      [name('part_0', 2)]: '{"n":4}\n',
      [name('part_1', 0)]: '{"n":2}\n',
    })
  })

  test('nothing of an epoch that is not complete is seen, and it is written again', async () => {
    const { store, recovery } = await place()
    const first = runSink(listSource([...items.slice(0, 2), ABORT]), sinkOver(store), {
      recovery,
      epochMs: 60_000,
    })
    await expect(first).rejects.toThrow('aborted')
    expect(await outputOf(store)).toEqual({})
    await runSink(listSource(items), sinkOver(store), { recovery })
    expect(await outputOf(store)).toEqual({
      [name('part_0', 0)]: '{"n":1}\n{"n":3}\n{"n":4}\n',
      [name('part_1', 0)]: '{"n":2}\n',
    })
  })

  test('an epoch that was complete and not yet seen is completed by who resumes', async () => {
    const { store, recovery } = await place()
    const first = runSink(listSource(items), dyingAtCommit(sinkOver(store)), { recovery })
    await expect(first).rejects.toThrow('gone')
    expect(await outputOf(store)).toEqual({})
    const written = {
      [name('part_0', 0)]: '{"n":1}\n{"n":3}\n{"n":4}\n',
      [name('part_1', 0)]: '{"n":2}\n',
    }
    await runSink(listSource(items), sinkOver(store), { recovery })
    expect(await outputOf(store)).toEqual(written)
    // Whoever has taken them away since is not asked for them again.
    await store.delete(Object.keys(written).map((key) => `out/${key}`))
    await runSink(listSource([...items, item('1', 5)]), sinkOver(store), { recovery })
    expect(await outputOf(store)).toEqual({ [name('part_1', 1)]: '{"n":5}\n' })
  })

  test('gone back to an earlier epoch, what was behind it is deleted and written again', async () => {
    const { store } = await place()
    const backupMs = 3_600_000
    const recovery = storeRecovery(store, 'recovery', { backupMs })
    await runSink(listSource(items), sinkOver(store), { recovery, epochMs: 0 })
    expect(Object.keys(await outputOf(store))).toHaveLength(4)
    const back = storeRecovery(store, 'recovery', { backupMs, resumeEpoch: 2 })
    const other = [...items.slice(0, 1), item('0', 6)]
    await runSink(listSource(other), sinkOver(store), { recovery: back })
    expect(await outputOf(store)).toEqual({
      [name('part_0', 0)]: '{"n":1}\n',
      [name('part_0', 1)]: '{"n":6}\n',
    })
  })

  test('uploads that a crash has left are ended, where the store lists them', async () => {
    const { store, recovery } = await place()
    const sink = sinkOver(store)
    const part = await sink.buildPart('out', 'part_0', undefined)
    await part.writeBatch([{ n: 1 }])
    await part.snapshot()
    const left = async () => (await Array.fromAsync(store.listMultipart?.('out/') ?? [])).length
    expect(await left()).toBe(store.listMultipart ? 1 : 0)
    await runSink(listSource(items), sinkOver(store), { recovery })
    expect(await left()).toBe(0)
    expect(Object.keys(await outputOf(store))).toEqual([name('part_0', 0), name('part_1', 0)])
  })

  test('what is there and no state knows of is not touched', async () => {
    const { store, recovery } = await place()
    const key = `out/${name('part_1', 7)}`
    await store.put(key, new Uint8Array([1]))
    const run = runSink(listSource(items), sinkOver(store), { recovery })
    await expect(run).rejects.toMatchObject({ code: 'already-exists', key })
    await store.put('out/part_1/README', new Uint8Array([1]))
    await store.delete(key)
    await runSink(listSource(items), sinkOver(store), { recovery })
    expect(await store.head('out/part_1/README')).toBeDefined()
  })

  test('an epoch larger than its parts goes in many, and is seen as one file, whoever completes it', async () => {
    const { store, recovery } = await place()
    const text = 'x'.repeat(1024 * 1024)
    const rows = Array.from({ length: 12 }, (_, n) => ['0', { n, text }] as const)
    const sink = () => sinkOver(store, { partBytes: 5 * 1024 * 1024 })
    const first = runSink(listSource(rows), dyingAtCommit(sink()), { recovery })
    await expect(first).rejects.toThrow('gone')
    expect(await outputOf(store)).toEqual({})
    await runSink(listSource(rows), sink(), { recovery })
    const { [name('part_0', 0)]: file = '' } = await outputOf(store)
    expect(file === rows.map(([, row]) => `${JSON.stringify(row)}\n`).join('')).toBe(true)
  })
}
