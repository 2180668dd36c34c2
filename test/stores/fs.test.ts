import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { fsStore } from '../../src/stores/fs.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'
import { registerSuite } from './register.ts'

describe('fsStore', () => {
  registerSuite(
    storeSuite({
      async create() {
        const root = await fs.mkdtemp(join(tmpdir(), 'sluice-fs-'))
        return {
          store: fsStore(root, { fs }),
          close: () => fs.rm(root, { recursive: true, force: true }),
        }
      },
    }),
  )
})
