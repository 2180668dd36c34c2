import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { INSTALL_MS, pythonWith } from '../scripts/test-python.ts'
import type { TestServer } from './servers.ts'

const run = promisify(execFile)
/** The environment is made in two steps. */
export const PREPARE_MS: number = 2 * INSTALL_MS
export const SCRIPT_MS = 120_000

/** A Python of a folder of its own. */
export interface Python {
  /** Runs a script, with nothing of this environment but the server's address and keys. Rejects with what it printed when it fails. */
  script(path: URL, server: TestServer, env?: Record<string, string>): Promise<string>
}

/** With what the file pins, made once. Without one it says aloud what of the tests is skipped, and gives why. */
export async function pythonFor(
  what: string,
  requirements: URL,
): Promise<{ readonly python?: Python; readonly missing?: string }> {
  try {
    return { python: pythonAt(await pythonWith(requirements)) }
  } catch (error) {
    const missing = `Python: ${(error as Error).message}`
    console.warn(`skipped: ${what}: ${missing}`)
    return { missing }
  }
}

function pythonAt(python: string): Python {
  return {
    async script(path, server, env = {}) {
      const { stdout } = await run(python, [fileURLToPath(path)], {
        timeout: SCRIPT_MS,
        env: {
          PATH: process.env.PATH,
          HOME: dirname(dirname(python)),
          ENDPOINT: server.endpoint,
          BUCKET: server.bucket,
          AWS_ACCESS_KEY_ID: server.accessKeyId,
          AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
          AWS_REGION: server.region,
          AWS_DEFAULT_REGION: server.region,
          AWS_EC2_METADATA_DISABLED: 'true',
          ...env,
        },
      })
      return stdout
    },
  }
}
