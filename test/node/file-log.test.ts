import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import type { Log } from '../../src/contracts/index.ts'
import { fileLog } from '../../src/node/file-log.ts'
import { logSuite } from '../../src/testing/log-suite.ts'

describe('file log', () => {
  const cases = logSuite({
    durable: true,
    async create() {
      const folder = await mkdtemp(join(tmpdir(), 'sluice-log-'))
      const logs = [fileLog(folder)] as [Log]
      return {
        log: logs[0],
        async reopen() {
          const log = fileLog(folder)
          logs.push(log)
          return log
        },
        async close() {
          // Each closes what its earlier sessions have open.
          for (const log of logs) await (await log.open('the end')).close()
          await rm(folder, { recursive: true, force: true })
        },
      }
    },
  })
  for (const { name, run } of cases) test(name, run)
})
