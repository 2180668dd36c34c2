import { describe, expect, test } from 'vitest'
import type { OpenedEvent, SinkEvent, Store } from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { audit } from '../../src/sinks/audit/audit.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import type { MemoryCapabilities } from '../../src/stores/memory-capabilities.ts'
import { bench, key, rows, stored } from './harness.ts'
import { Process, type ProcessOptions } from './process.ts'

const PROBE = 's/.sluice-probe'

/** A proxy that drops conditions from puts. */
function heedless(base: Store): Store {
  return {
    ...base,
    put: (name, body, { ifNoneMatch: _, ...options } = {}) => base.put(name, body, options),
  }
}

/** A sink that probes, all that it asked of the store, and what it told. */
function probing(base: Store, options: ProcessOptions = {}) {
  const process = new Process(options)
  const events: SinkEvent[] = []
  const to = bench({
    store: process.store(base),
    probe: true,
    onEvent: (event) => void events.push(event),
  })
  const opened = (): OpenedEvent | undefined => events.find((event) => event.type === 'opened')
  return { ...to, process, opened }
}

const opens = async (of: ReturnType<typeof probing>): Promise<OpenedEvent | undefined> => {
  await of.sink.write(rows(0, 2))
  await of.sink.close()
  return of.opened()
}

describe('a sink that opens', () => {
  test('finds in three requests that a bucket honours conditions, and leaves nothing', async () => {
    const base = memoryStore()
    const of = probing(base)
    expect(await opens(of)).toEqual({
      type: 'opened',
      design: 'create-only',
      weaker: [],
      sealed: 0,
      lanes: 0,
    })
    expect(of.process.calls).toEqual(['put', 'put', 'delete', 'put'])
    expect(Object.keys(await stored(base))).toEqual([key(0, 2)])
  })

  test('finds that they are dropped on the way, says what is weaker, and writes again after a crash', async () => {
    const base = memoryStore()
    const first = probing(heedless(base), { killAt: 5, after: true })
    await first.sink.write(rows(0, 2))
    void first.sink.flush()
    // Three puts that all succeed, a deletion, and the file, whose answer is lost.
    await first.process.killed
    expect(first.process.calls).toEqual(['put', 'put', 'put', 'delete', 'put'])
    expect(first.opened()).toMatchObject({
      design: 'overwrite',
      weaker: [expect.stringContaining('honours no conditions')],
    })
    const next = first.reopen({ store: heedless(base), probe: true })
    await next.open()
    await next.close()
    expect(await stored(base)).toEqual({ [key(0, 2)]: rows(0, 2) })
  })

  test('takes what it finds there for the answer', async () => {
    const base = memoryStore()
    await base.put(PROBE, new Uint8Array(1))
    const of = probing(base)
    expect(await opens(of)).toMatchObject({ design: 'create-only', weaker: [] })
    expect(of.process.calls).toEqual(['put', 'put'])
    expect(await base.head(PROBE)).toBeDefined()
  })

  test.each(['permission-denied', 'unavailable', 'network'] as const)(
    'is not kept from opening by %s, and says what is not known',
    async (code) => {
      let calls = 0
      const of = probing(memoryStore(), {
        onCall() {
          if (calls++ === 0) throw new SluiceError(code, 'no')
        },
      })
      expect(await opens(of)).toMatchObject({
        design: 'create-only',
        weaker: [expect.stringContaining(`could not be tried (${code})`)],
      })
    },
  )

  test('may be forbidden to delete', async () => {
    const base = memoryStore()
    const forbidden: ProcessOptions = {
      onCall(name) {
        if (name === 'delete') throw new SluiceError('permission-denied', 'no')
      },
    }
    expect(await opens(probing(base, forbidden))).toMatchObject({ weaker: [] })
    expect(await base.head(PROBE)).toBeDefined()
    // Which is nothing that an audit would tell of.
    expect((await audit({ store: base, stream: 's' })).foreign.count).toBe(0)
  })

  test('waits ten seconds for an answer, and no write waits with it', async () => {
    const base = memoryStore()
    let puts = 0
    const silent: Store = {
      ...base,
      put: (name, body, options) =>
        puts++ > 0
          ? base.put(name, body, options)
          : new Promise((_, reject) => {
              options?.signal?.addEventListener('abort', () => reject(options.signal?.reason))
            }),
    }
    const of = probing(silent)
    await of.sink.write(rows(0, 2))
    expect(of.opened()).toBeUndefined()
    await of.clock.advance(10_000)
    expect(of.opened()).toMatchObject({ weaker: [expect.stringContaining('(timeout)')] })
    await of.sink.close()
    expect(Object.keys(await stored(base))).toEqual([key(0, 2)])
  })

  test.each<[string, MemoryCapabilities, OpenedEvent['design'], string[]]>([
    [
      'takes no condition',
      { conditionalPut: false, conditionalComplete: false },
      'overwrite',
      ['honours no conditions'],
    ],
    [
      'completes without one',
      { conditionalComplete: false },
      'create-only',
      ['looked at just before'],
    ],
    ['lists no uploads', { listUploads: false }, 'create-only', ['lifecycle rule']],
    ['has no uploads', { multipart: false }, 'create-only', []],
  ])('tells of a store that %s', async (_, capabilities, design, weaker) => {
    const of = probing(memoryStore({ capabilities }))
    const event = await opens(of)
    expect(event?.design).toBe(design)
    expect(event?.weaker).toEqual(weaker.map((words) => expect.stringContaining(words)))
    expect(of.process.count('put')).toBe(capabilities.conditionalPut === false ? 1 : 3)
  })

  test('asks nothing where it is told to', async () => {
    const process = new Process()
    const { sink } = bench({ store: process.store(memoryStore()), probe: false })
    await sink.write(rows(0, 2))
    await sink.close()
    expect(process.calls).toEqual(['put'])
  })
})
