import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { environmentOf } from '../docs/environment.ts'
import { realServers, startServer } from '../servers.ts'

const example = fileURLToPath(new URL('../../examples/msglc.ts', import.meta.url))

/** All but the one of the environment, which is somebody's: the example leaves its bucket there. */
const servers = realServers().filter(({ kind }) => kind !== 'environment')

test.for([{ kind: 'gateway' as const, missing: undefined }, ...servers])(
  'examples/msglc.ts on $kind: makes the bucket, writes a value and reads it, also once more',
  { timeout: 90_000 },
  async ({ kind, missing }, { skip, onTestFinished }) => {
    skip(missing !== undefined, missing)
    const server = await startServer(kind)
    onTestFinished(() => server.stop())
    for (let run = 1; run <= 2; run++) {
      const env = { PATH: process.env.PATH ?? '', ...environmentOf(server) }
      const { stdout } = await promisify(execFile)(process.execPath, [example], { env })
      expect(stdout).toBe("{ hello: 'world' }\n")
    }
  },
)
