import type { Format, Row, Store } from '../../src/contracts/index.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { createSink, type FileSink, type SinkOptions } from '../../src/sinks/create-sink.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { type VirtualClock, virtualClock } from '../../src/testing/virtual-clock.ts'

export interface Bench {
  readonly store: Store
  readonly clock: VirtualClock
  readonly sink: FileSink
  /** The same log and store in a new process. */
  reopen(options?: Partial<SinkOptions>): FileSink
}

export function bench(options: Partial<SinkOptions> = {}): Bench {
  const store = options.store ?? memoryStore()
  const clock = virtualClock()
  const base = {
    store,
    clock,
    format: jsonl() as Format,
    log: memoryLog(),
    stream: 's',
    shard: '0',
    // One request more is one more that a test would have to know of.
    probe: false,
    ...options,
  }
  return {
    store,
    clock,
    sink: createSink(base),
    reopen: (changed = {}) => createSink({ ...base, ...changed }),
  }
}

/** Every record of every file below the prefix, by key. */
export async function stored(store: Store, prefix = ''): Promise<Record<string, Row[]>> {
  const files: Record<string, Row[]> = {}
  for await (const entry of store.list({ prefix })) {
    if (entry.kind !== 'object') continue
    const text = await (await store.get(entry.key))?.text()
    files[entry.key] = (text ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row)
  }
  return files
}

export const rows = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, i) => ({ id: from + i }))

export function key(begin: number, end: number, partition = '', schema = 'auto'): string {
  const pad = (n: number): string => String(n).padStart(19, '0')
  return `s/${partition === '' ? '' : `${partition}/`}0-${schema}-${pad(begin)}-${pad(end)}.jsonl`
}
