import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { fileLog } from '../../src/node/file-log.ts'
import { logSuite } from '../../src/testing/log-suite.ts'

describe('file log', () => {
  const cases = logSuite({
    durable: true,
    async create() {
      const folder = await mkdtemp(join(tmpdir(), 'sluice-log-'))
      return {
        log: fileLog(folder),
        reopen: async () => fileLog(folder),
        close: () => rm(folder, { recursive: true, force: true }),
      }
    },
  })
  for (const { name, run } of cases) test(name, run)
})
