import { expect } from 'vitest'
import type { Row, Store } from '../../src/contracts/index.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { createSink } from '../../src/sinks/create-sink.ts'
import { Process, type ProcessOptions } from './process.ts'

const TEXT = 'x'.repeat(1024 * 1024 - 100)
const ROWS: readonly Row[] = Array.from({ length: 14 }, (_, id) => ({ id, text: TEXT }))

/** A file of three parts whose process stops for good before its third part, and then before its completion. */
export async function resumedOnStore(store: Store): Promise<void> {
  const log = memoryLog()
  const start = (options: ProcessOptions = {}) => {
    const process = new Process(options)
    const sink = createSink({
      store: process.store(store),
      log: process.log(log, 1),
      format: jsonl(),
      stream: 's',
    })
    return { process, sink }
  }
  const stopped = async (at: string): Promise<Process> => {
    let stop: () => void = () => {}
    const reached = new Promise<void>((resolve) => {
      stop = resolve
    })
    const { process, sink } = start({
      onCall(name) {
        if (name !== at) return
        stop()
        return new Promise(() => {})
      },
    })
    await sink.open()
    if (at === 'putPart 3') for (const row of ROWS) await sink.write([row])
    void sink.close()
    await reached
    // What is on its way arrives.
    const wanted = at === 'complete' ? 3 : 2
    while ((process.kept?.parts.length ?? 0) < wanted) await new Promise((go) => setTimeout(go, 1))
    return process
  }

  const first = await stopped('putPart 3')
  expect(first.kept?.parts).toHaveLength(2)
  const second = await stopped('complete')
  expect(second.calls.filter((call) => call.startsWith('putPart'))).toEqual(['putPart 3'])
  const third = start()
  await third.sink.open()
  const { files } = await third.sink.close()
  expect(third.process.count('putPart')).toBe(0)
  expect(first.count('create') + second.count('create') + third.process.count('create')).toBe(1)

  const [file] = files
  const text = (await (await store.get(file?.key ?? ''))?.text()) ?? ''
  expect(text === ROWS.map((row) => `${JSON.stringify(row)}\n`).join('')).toBe(true)
  const open = await Array.fromAsync(store.listMultipart?.('s/') ?? [])
  expect(open).toEqual([])
}
