import { describe, test } from 'vitest'
import { memoryLog } from '../../src/logs/memory.ts'
import { logSuite } from '../../src/testing/log-suite.ts'

describe('memory log', () => {
  const cases = logSuite({
    durable: false,
    create: async () => ({
      log: memoryLog(),
      reopen: () => Promise.reject(new Error('A memory log does not outlive its process')),
    }),
  })
  for (const { name, skip, run } of cases) {
    test(name, async (context) => {
      context.skip(skip !== undefined, skip)
      await run()
    })
  }
})
