import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../install.mjs'
import type { ServedServer } from './runtime.ts'

/** Those that test/servers.ts knows. */
export const SERVERS = ['gateway', 'rustfs', 'minio', 'versitygw', 'environment'] as const

export interface RunningServer {
  readonly kind: string
  readonly missing?: string | undefined
  readonly served?: ServedServer
  stop(): Promise<void>
}

/** Starts a server in a process of its own, which ends when this one does. */
export async function startServed(kind: string): Promise<RunningServer> {
  const child = spawn(process.execPath, [join(root, 'test/conformance/serve.ts'), kind], {
    ...{ cwd: root, stdio: ['pipe', 'pipe', 'inherit'] },
  })
  const exited = once(child, 'exit')
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    exited.then(([code]) => Promise.reject(new Error(`${kind} ended with status ${code}`))),
  ])
  const served = JSON.parse(String(line[0])) as ServedServer & { missing?: string }
  return {
    kind,
    missing: served.missing,
    served,
    async stop() {
      child.stdin.end()
      await exited
    },
  }
}
