import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { bundleWorker } from '../bundle-worker.ts'
import { root } from '../install.mjs'
import { parseLine, type Runtime } from './runtime.ts'

/** Without Node's modules, so that nothing of them is used by mistake. */
const COMPATIBILITY_DATE = '2026-09-01'

/** Cloudflare's runtime: one Worker for all cells, and a request for each. */
export async function workerdRuntime(): Promise<Runtime> {
  const modulesRoot = join(root, 'test/.out')
  const modules = await bundleWorker(join(root, 'test/conformance/worker.ts'), {
    outdir: modulesRoot,
  })
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modulesRoot,
      modules,
      compatibilityDate: COMPATIBILITY_DATE,
      // Asks nobody where this machine is.
      cf: false,
      host: '127.0.0.1',
      log: new Log(LogLevel.WARN),
    }),
  )
  const url = await miniflare.ready
  return {
    name: 'workerd',
    async run(cell, tell) {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(cell) })
      if (!response.ok || !response.body) throw new Error(`workerd answered ${response.status}`)
      const input = Readable.fromWeb(response.body as never)
      const failed = new Promise<never>((_, reject) => input.once('error', reject))
      const read = async (): Promise<void> => {
        for await (const line of createInterface({ input })) {
          const told = parseLine(line)
          if (told) tell(told)
        }
      }
      await Promise.race([read(), failed])
    },
    stop: () => miniflare.dispose(),
  }
}
