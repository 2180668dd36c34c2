import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Store } from '../../../src/contracts/index.ts'
import { isSluiceError, SluiceError } from '../../../src/core/errors.ts'
import type { ManifestWriter } from '../../../src/sinks/manifest/open-manifest.ts'
import { readManifest } from '../../../src/sinks/manifest/read-manifest.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { s3Store } from '../../../src/stores/s3.ts'
import { startGateway, type TestServer } from '../../servers.ts'
import { file, keysOf, open } from './tools.ts'

/** A process: opens the manifest under a name, and commits so many files, each in a lane of the process's own. */
interface Plan {
  readonly writer: 'a' | 'b'
  readonly commits: number
}

/** What a call of the store meets: nothing, a failure before it took effect, or one after. */
type Fault = 'none' | 'before' | 'after'

/** Each call waits for its turn, which the scheduler gives in every order, and fails as the faults say. */
function scheduled(store: Store, scheduler: fc.Scheduler, faults: Fault[]): Store {
  const call = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    await scheduler.schedule(Promise.resolve(), `before ${name}`)
    const fault = faults.pop() ?? 'none'
    if (fault === 'before') throw new SluiceError('network', `${name}: no answer`)
    const result = await run()
    await scheduler.schedule(Promise.resolve(), `after ${name}`)
    if (fault === 'after') throw new SluiceError('network', `${name}: no answer`)
    return result
  }
  return {
    ...store,
    put: (...args) => call(`put ${args[0]}`, () => store.put(...args)),
    get: (...args) => call(`get ${args[0]}`, () => store.get(...args)),
  }
}

interface Outcome {
  readonly committed: string[]
  /** Of which the process never heard. */
  readonly unknown: string[]
}

async function live(store: Store, plan: Plan, process: number): Promise<Outcome> {
  const outcome: Outcome = { committed: [], unknown: [] }
  let writer: ManifestWriter | undefined
  for (let i = 0; i < plan.commits; i++) {
    const added = file(`p${process}`, i, i + 1)
    // As a publisher does it: again until it is known, or over.
    for (let attempt = 0; ; attempt++) {
      try {
        writer ??= await open(store, plan.writer)
        await writer.commit({ files: [added] })
        outcome.committed.push(added.id)
        break
      } catch (error) {
        const isFenced = isSluiceError(error, 'fenced')
        if (!isFenced && !isSluiceError(error, 'network')) throw error
        if (!isFenced && attempt < 5) continue
        // Of one that was fenced at its first attempt it is known that it was not committed.
        if (!isFenced || attempt > 0) outcome.unknown.push(added.id)
        return outcome
      }
    }
  }
  return outcome
}

/** No gap in the numbers, no commit lost and none doubled, and nothing of a writer after it was fenced. */
async function check(store: Store, outcomes: readonly Outcome[]): Promise<void> {
  const keys = (await keysOf(store, 's/_log/')).filter((key) => !key.includes('checkpoints'))
  const epochs = new Map<string, number>()
  const added: string[] = []
  for (const [i, key] of keys.entries()) {
    expect(key).toBe(`s/_log/${String(i + 1).padStart(20, '0')}.json`)
    const entry = JSON.parse((await (await store.get(key))?.text()) ?? '')
    expect(entry.epoch).toBeGreaterThanOrEqual(epochs.get(entry.writer) ?? 0)
    epochs.set(entry.writer, entry.epoch)
    for (const one of entry.add) added.push(one.id)
  }
  expect(new Set(added).size).toBe(added.length)
  const known = outcomes.flatMap(({ committed }) => committed)
  for (const id of known) expect(added).toContain(id)
  const possible = [...known, ...outcomes.flatMap(({ unknown }) => unknown)]
  for (const id of added) expect(possible).toContain(id)
  const manifest = await readManifest({ store, stream: 's' })
  expect(manifest.version).toBe(keys.length)
  expect(manifest.files.map(({ id }) => id).sort()).toEqual([...added].sort())
}

const plan: fc.Arbitrary<Plan> = fc.record({
  writer: fc.constantFrom('a', 'b'),
  commits: fc.integer({ min: 1, max: 3 }),
})
const fault: fc.Arbitrary<Fault> = fc.constantFrom('none', 'none', 'none', 'before', 'after')

test('many writers at once, in every order of their calls and with lost answers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(plan, { minLength: 2, maxLength: 4 }),
      fc.array(fault, { maxLength: 40 }),
      async (scheduler, plans, faults) => {
        const memory = memoryStore()
        const store = scheduled(memory, scheduler, [...faults])
        const running = Promise.all(plans.map((one, i) => live(store, one, i)))
        await scheduler.waitFor(running)
        await check(memory, await running)
      },
    ),
    { numRuns: 150 },
  )
})

describe('through the gateway', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startGateway()
  })
  afterAll(() => server.stop())

  test('many writers at once', async () => {
    const store = s3Store({ ...server, credentials: server, retry: { baseMs: 1 } })
    const plans: Plan[] = [
      { writer: 'a', commits: 8 },
      { writer: 'b', commits: 8 },
      { writer: 'a', commits: 8 },
    ]
    await check(store, await Promise.all(plans.map((one, i) => live(store, one, i))))
  })
})
