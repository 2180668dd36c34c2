import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  FileSink,
  initRecovery,
  logRecovery,
  type Recovery,
  type RecoveryOptions,
  runSink,
  storeRecovery,
} from '../../../src/compat/bytewax/index.ts'
import type { Log, Store } from '../../../src/contracts/index.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { memoryLog } from '../../../src/logs/memory.ts'
import { fileLog } from '../../../src/node/file-log.ts'
import { fsStore } from '../../../src/stores/fs.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { virtualClock } from '../../../src/testing/virtual-clock.ts'
import { gatewayFetch, s3StoreOver } from '../../stores/over-gateway.ts'
import { ABORT, ArraySink, type Keyed, listSource } from './tools.ts'

/** Where snapshots are kept, made once and opened as often as one likes. */
type Place = (options?: RecoveryOptions) => Recovery

const clock = virtualClock()
let folder: string

beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'sluice-bytewax-'))
})
afterEach(() => fs.rm(folder, { recursive: true, force: true }))

const inStore = async (store: Store): Promise<Place> => {
  await initRecovery(store, 'recovery')
  return (options) => storeRecovery(store, 'recovery', { clock, ...options })
}
const inLog = async (log: Log): Promise<Place> => {
  return (options) => logRecovery(log, { clock, ...options })
}

const places: readonly (readonly [string, () => Promise<Place>])[] = [
  ['a store in memory', () => inStore(memoryStore({ clock }))],
  ['a folder', () => inStore(fsStore(join(folder, 'store'), { fs }))],
  ['an S3 bucket', () => inStore(s3StoreOver(gatewayFetch(memoryStore({ clock }))))],
  ['a log in memory', () => inLog(memoryLog())],
  ['a log of files', () => inLog(fileLog(join(folder, 'log')))],
]

const input = (...values: (string | typeof ABORT)[]) =>
  values.map((value) => (value === ABORT ? ABORT : ([value, value] as Keyed)))

/** Runs a list into one partition, over what there is of it, and gives the calls. */
async function execute(
  recovery: Recovery,
  outputs: Map<string, string[]>,
  items: ReturnType<typeof input>,
  options: { epochMs?: number; workers?: number; parts?: string[] } = {},
): Promise<string[]> {
  const { parts = ['x'], epochMs = 0, workers = 1 } = options
  const sink = new ArraySink([parts], outputs)
  const run = runSink(listSource(items), sink, { recovery, epochMs, workers, clock })
  if (items.includes(ABORT)) await expect(run).rejects.toThrow('The execution is aborted')
  else await run
  return sink.calls
}

describe.each(places)('a recovery in %s', (name, place) => {
  test('an execution goes on where the one before was aborted', async () => {
    const outputs = new Map<string, string[]>()
    const at = await place()
    await execute(at(), outputs, input('a', 'b', ABORT, 'c'))
    const calls = await execute(at(), outputs, input('a', 'b', 'c'))
    expect(calls).toContain('build out x 2')
    expect(outputs.get('x')).toEqual(['a', 'b', 'c'])
  })

  test('what an epoch that did not end had written is dropped, and written again', async () => {
    const outputs = new Map<string, string[]>()
    const at = await place()
    await execute(at(), outputs, input('a', ABORT))
    await execute(at(), outputs, input('a', 'b', 'c', ABORT), { epochMs: 60_000 })
    expect(outputs.get('x')).toEqual(['a', 'b', 'c'])
    const calls = await execute(at(), outputs, input('a', 'B', 'C'), { epochMs: 60_000 })
    expect(calls).toContain('build out x 1')
    expect(outputs.get('x')).toEqual(['a', 'B', 'C'])
  })

  test('aborted before the end of the first epoch, the next one begins anew', async () => {
    const outputs = new Map<string, string[]>()
    const at = await place()
    await execute(at(), outputs, input('a', ABORT), { epochMs: 60_000 })
    const calls = await execute(at(), outputs, input('A'))
    expect(calls).toContain('build out x 0')
    expect(outputs.get('x')).toEqual(['A'])
  })

  test('at its end, the next one has nothing to do until there is more', async () => {
    const outputs = new Map<string, string[]>()
    const at = await place()
    await execute(at(), outputs, input('a'))
    expect((await execute(at(), outputs, input('a'))).slice(2)).toEqual(['close x'])
    await execute(at(), outputs, input('a', 'b'))
    expect(outputs.get('x')).toEqual(['a', 'b'])
  })

  test('epochs are counted on', async () => {
    const at = await place()
    const run = (...values: string[]) =>
      runSink(listSource(input(...values)), new ArraySink([['x']]), {
        recovery: at(),
        epochMs: 0,
        clock,
      })
    expect(await run('a', 'b')).toEqual({ resumeEpoch: 1, epoch: 2, items: 2 })
    expect(await run('a', 'b', 'c')).toEqual({ resumeEpoch: 3, epoch: 3, items: 1 })
  })

  test('with more workers, and with fewer, every partition has its state', async () => {
    const outputs = new Map<string, string[]>()
    const at = await place()
    const parts = ['w', 'x', 'y', 'z']
    const values = Array.from({ length: 40 }, (_, i) => `value ${i}`)
    await execute(at(), outputs, input(...values.slice(0, 10), ABORT), { parts, workers: 3 })
    await execute(at(), outputs, input(...values.slice(0, 25), ABORT), { parts, workers: 5 })
    await execute(at(), outputs, input(...values), { parts, workers: 1 })
    expect([...outputs.values()].flat().sort()).toEqual([...values].sort())
    expect([...outputs.values()].map(({ length }) => length > 3)).toEqual([true, true, true, true])
  })

  test('a partition that is no longer listed is named: what it wrote since would stay', async () => {
    const at = await place()
    await execute(at(), new Map(), input('a', ABORT))
    const sink = new ArraySink([['y']])
    const run = runSink(listSource(input('a')), sink, { recovery: at(), clock })
    await expect(run).rejects.toMatchObject({ code: 'invalid-options' })
    await expect(run).rejects.toThrow(/state of "x"/)
    expect(sink.calls).toEqual(['list 0/1'])
  })

  test('a state that would come back as something else is refused, and data is kept', async () => {
    class Count {
      n = 1
    }
    const run = async (at: () => Recovery, state: unknown) => {
      const sink = {
        listParts: () => ['x'],
        buildPart: () => ({ writeBatch() {}, snapshot: () => state }),
      }
      return runSink(listSource(input('a')), sink as never, { recovery: at(), clock })
    }
    const states = [
      ...[new Count(), { in: [new Count()] }, Object.create({ n: 1 })],
      ...[new Map([[1, new Count()]]), new Map([[new Count(), 1]]), new Set([[new Count()]])],
      ...[new Int32Array(1), new Float32Array(1), new ArrayBuffer(1), [new Uint8ClampedArray(1)]],
    ]
    for (const state of states) {
      const refused = run(await place(), state)
      await expect(refused).rejects.toMatchObject({ code: 'invalid-options' })
      await expect(refused).rejects.toThrow('is to be data')
    }
    const data = {
      at: new Date(5),
      bytes: new Uint8Array([1]),
      large: 2n ** 80n,
      list: [{ a: null }],
    }
    await run(await place(), { ...data, none: Object.assign(Object.create(null), { a: 1 }) })
  })

  test('of another step, it is refused', async () => {
    const at = await place()
    await execute(at(), new Map(), input(ABORT))
    const sink = new ArraySink([['x']])
    const run = runSink(listSource(input('a')), sink, { recovery: at(), stepId: 'other' })
    await expect(run).rejects.toThrow(/of the step "out", and not of "other"/)
    expect(sink.calls).toEqual([])
  })

  test('a run that another one has followed is fenced, and commits nothing', async () => {
    const outputs = new Map<string, string[]>()
    const at = await place()
    const committed: string[] = []
    const zombie = new ArraySink([['x']], outputs)
    const build = zombie.buildPart.bind(zombie)
    zombie.buildPart = async (...args) =>
      Object.assign(await build(...args), { committed: () => void committed.push('zombie') })
    const source = (position = 0) => ({
      nextBatch: async () => {
        if (position++ > 0) return undefined
        // While it has begun an epoch, another one runs to its end.
        committed.length = 0
        await execute(at(), outputs, input('a', 'b'))
        return [['k', 'zombie'] as Keyed]
      },
      snapshot: () => position,
    })
    const run = runSink(source, zombie, { recovery: at(), clock })
    await expect(run).rejects.toMatchObject({ code: 'fenced' })
    expect(committed).toEqual([])
    expect(await execute(at(), outputs, input('a', 'b'))).toContain('build out x 2')
  })

  test('states are data of every kind, and come back as they were', async () => {
    const at = await place()
    const state = {
      ...{ n: 1n, at: new Date(5), bytes: new Uint8Array([1, 2]), none: undefined, zero: -0 },
      list: [['0', 'f']],
    }
    const seen: unknown[] = []
    const run = (values: string[]) =>
      runSink(
        listSource(input(...values)),
        {
          listParts: () => ['__proto__'],
          buildPart(_step, _part, resumed: typeof state | undefined) {
            seen.push(resumed)
            return { writeBatch() {}, snapshot: () => state }
          },
        },
        { recovery: at(), clock },
      )
    await run(['a'])
    await run(['a', 'b'])
    expect(seen).toEqual([undefined, state])
  })

  test('a state that is no data is refused by the name of its step', async () => {
    const at = await place()
    const run = runSink(
      listSource(input('a')),
      { listParts: () => ['x'], buildPart: () => ({ writeBatch() {}, snapshot: () => /x/ }) },
      { recovery: at(), stepId: 'flow.out', clock },
    )
    await expect(run).rejects.toMatchObject({ code: 'invalid-options' })
    await expect(run).rejects.toThrow(/A state of the step "flow\.out"/)
  })

  test('old snapshots are dropped when they have been old for long enough, and not before', async () => {
    // A folder has the time of its disk.
    if (name === 'a folder') return
    const outputs = new Map<string, string[]>()
    const at = await place()
    const values = Array.from({ length: 40 }, (_, i) => `value ${i}`)
    await execute(at({ backupMs: 1000 }), outputs, input(...values))
    await clock.advance(999)
    const kept = await execute(at({ backupMs: 1000, resumeEpoch: 11 }), outputs, input(...values))
    expect(kept).toContain('build out x 10')
    expect(outputs.get('x')).toEqual(values)
    // A log drops many together, and each time only when there is a newer one.
    for (const times of [2, 3]) {
      await clock.advance(1000)
      const more = Array.from({ length: times }, () => values).flat()
      await execute(at({ backupMs: 1000 }), outputs, input(...more))
    }
    const run = runSink(listSource(input('a')), new ArraySink([['x']], outputs), {
      recovery: at({ resumeEpoch: 12 }),
      clock,
    })
    await expect(run).rejects.toMatchObject({ code: 'not-found' })
    expect(outputs.get('x')).toHaveLength(120)
  })

  test('an earlier epoch is gone back to, and what was after it never comes back', async () => {
    const outputs = new Map<string, string[]>()
    const at = await place()
    const options = { backupMs: 1000 }
    await execute(at(options), outputs, input('a', 'b', 'c', 'd'))
    await execute(at({ ...options, resumeEpoch: 3 }), outputs, input('a', 'b', ABORT))
    expect(outputs.get('x')).toEqual(['a', 'b'])
    const gone = at({ ...options, resumeEpoch: 4 }).open('out')
    await expect(gone).rejects.toMatchObject({ code: 'not-found' })
    await execute(at(options), outputs, input('a', 'b', 'C'))
    await execute(at({ ...options, resumeEpoch: 4 }), outputs, input('a', 'b', 'C', 'D'))
    expect(outputs.get('x')).toEqual(['a', 'b', 'C', 'D'])
    await execute(at({ ...options, resumeEpoch: 1 }), outputs, input('A'))
    expect(outputs.get('x')).toEqual(['A'])
  })

  test.each([{ backupMs: -1 }, { resumeEpoch: 0 }, { resumeEpoch: 1.5 }])(
    '%j is refused',
    async (options) => {
      const at = await place()
      expect(() => at(options)).toThrow(expect.objectContaining({ code: 'invalid-options' }))
    },
  )
})

describe('a recovery in a store', () => {
  const open = (store: Store) => storeRecovery(store, 'recovery', { clock }).open('out')

  test('that was not made is not found, instead of a run that truncates what is there', async () => {
    const path = join(folder, 'out.txt')
    await fs.writeFile(path, 'important\n')
    const recovery = storeRecovery(memoryStore(), 'misspelt')
    const run = runSink(listSource(input('a')), new FileSink(path, { fs }), { recovery })
    await expect(run).rejects.toMatchObject({ code: 'not-found' })
    expect(await fs.readFile(path, 'utf8')).toBe('important\n')
  })

  test('is made once: what is there stays', async () => {
    const store = memoryStore({ clock })
    const at = await inStore(store)
    await execute(at(), new Map(), input('a'))
    await initRecovery(store, 'recovery')
    expect((await open(store)).resume.epoch).toBe(1)
  })

  test('is a few objects, whatever the number of epochs', async () => {
    const store = memoryStore({ clock })
    const at = await inStore(store)
    const values = Array.from({ length: 50 }, (_, i) => `value ${i}`)
    await execute(at(), new Map(), input(...values))
    expect(await Array.fromAsync(store.list())).toHaveLength(1)
  })

  test('a request that was under way for so long that its number is free again commits nothing', async () => {
    const store = memoryStore({ clock })
    const at = await inStore(store)
    const zombie = await open(store)
    await execute(at(), new Map(), input('a', 'b'))
    const numbers = (await Array.fromAsync(store.list())).map(
      (entry) => 'key' in entry && entry.key,
    )
    expect(numbers).toEqual(['recovery/0000000000000006'])
    const late = zombie.save({ epoch: 7, source: 0, parts: new Map() })
    await expect(late).rejects.toMatchObject({ code: 'fenced' })
    expect((await open(store)).resume.epoch).toBe(2)
  })

  test.each(['says so', 'fails'])(
    'a snapshot that cannot be deleted now is deleted later: the store %s',
    async (how) => {
      const inner = memoryStore({ clock })
      let calls = 0
      const store: Store = {
        ...inner,
        async delete(keys) {
          const error = new SluiceError('unavailable', 'Not now')
          if (calls++ > 2) return inner.delete(keys)
          if (how === 'fails') throw error
          return { deleted: 0, failed: [...keys].map((key) => ({ key, error })) }
        },
      }
      const at = await inStore(store)
      await execute(at(), new Map(), input('a', 'b', 'c'))
      expect(calls).toBe(4)
      expect(await Array.fromAsync(store.list())).toHaveLength(1)
    },
  )

  test('what is no snapshot is named, and so is what a later version wrote', async () => {
    const store = memoryStore({ clock })
    await initRecovery(store, 'recovery')
    const key = 'recovery/0000000000000002'
    const put = (text: string) => store.put(key, new TextEncoder().encode(text))
    for (const text of ['', '{}', 'null', '{"version":1}', '{"version":"2"}', '~']) {
      await put(text)
      await expect(open(store), text).rejects.toMatchObject({ code: 'protocol' })
    }
    await put('{"version":2}')
    await expect(open(store)).rejects.toMatchObject({ code: 'not-supported' })
    await store.put('recovery/data.jsonl', new Uint8Array(1))
    await expect(open(store)).rejects.toMatchObject({ code: 'invalid-options' })
  })

  test('without conditional writes is not supported', () => {
    const store = memoryStore({ capabilities: { conditionalPut: false } })
    expect(() => storeRecovery(store, 'recovery')).toThrow(
      expect.objectContaining({ code: 'not-supported' }),
    )
  })
})

test.each([1, 31, 32, 33, 34, 100])(
  'a log that drops old snapshots has the newest, also when the process ends right after the %ith',
  async (count) => {
    const log = memoryLog()
    const session = await logRecovery(log).open('out')
    for (let epoch = 1; epoch <= count; epoch++) {
      await session.save({ epoch, source: epoch, parts: new Map() })
    }
    // Not closed: it is another process that opens the log.
    const { resume } = await logRecovery(log).open('out')
    expect(resume).toMatchObject({ epoch: count, source: count })
  },
)

test('a recovery in a log of something else is refused', async () => {
  const log = memoryLog()
  const session = await log.open('a sink')
  const lane = { stream: 's', partition: '', shard: '0', schema: 'auto' }
  const encoding = { format: 'jsonl', schema: undefined }
  const rows = { lane, rows: [{ a: 1 }], bytes: 7, encoding }
  await session.append({ lanes: [rows], rejected: [], atMs: 0 })
  const opened = logRecovery(log).open('out')
  await expect(opened).rejects.toMatchObject({ code: 'invalid-options' })
})
