import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { logRecovery, runSink } from '../../../src/compat/bytewax/index.ts'
import {
  type DurableObjectStorageLike,
  durableObjectLog,
} from '../../../src/logs/durable-object.ts'
import { ABORT, ArraySink, type Keyed, listSource } from './tools.ts'

test('a recovery in the log of a Durable Object goes on where the object was', async () => {
  const stub = env.SHARD.get(env.SHARD.newUniqueId())
  await runInDurableObject(stub, async (_, state) => {
    const storage: DurableObjectStorageLike = state.storage
    const outputs = new Map<string, string[]>()
    const run = (...values: (string | typeof ABORT)[]) => {
      const items = values.map((value) => (value === ABORT ? ABORT : (['k', value] as Keyed)))
      // Another life of the object: the same storage under a log that remembers nothing.
      const recovery = logRecovery(durableObjectLog(storage))
      return runSink(listSource(items), new ArraySink([['x']], outputs), { recovery, epochMs: 0 })
    }
    await expect(run('a', 'b', ABORT)).rejects.toThrow('aborted')
    outputs.get('x')?.push('torn')
    expect(await run('a', 'b', 'c')).toEqual({ resumeEpoch: 3, epoch: 3, items: 1 })
    expect(outputs.get('x')).toEqual(['a', 'b', 'c'])
    await run(...Array.from({ length: 100 }, (_value, i) => `value ${i}`))
    expect(await run()).toEqual({ resumeEpoch: 101, epoch: 100, items: 0 })
  })
})
