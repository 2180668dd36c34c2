import { fileURLToPath } from 'node:url'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { bundle } from '../bundles.ts'
import { childrenNamed, type PlatformRun, peakGrowth } from './peak-growth.ts'

/** What workerd takes for `rows` rows, seen from outside: its own clock stands still while it works. */
export async function inWorkerd(rows: number): Promise<PlatformRun> {
  const files = await bundle({
    entryPoints: [fileURLToPath(new URL('worker.ts', import.meta.url))],
    conditions: ['workerd', 'worker', 'browser'],
  })
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: files.map(({ path, contents }) => ({
        type: path.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
        path,
        contents,
      })),
      compatibilityDate: '2026-09-01',
      // Asks nobody where this machine is.
      cf: false,
      host: '127.0.0.1',
      log: new Log(LogLevel.WARN),
    }),
  )
  try {
    const url = await miniflare.ready
    const ask = async (path: string): Promise<void> => {
      const response = await fetch(new URL(path, url))
      if (!response.ok) throw new Error(`workerd answered ${response.status}`)
      await response.arrayBuffer()
    }
    await ask(`/${rows}`)
    return await peakGrowth(await childrenNamed('workerd'), async () => {
      const began = performance.now()
      await ask('/')
      return (performance.now() - began) / 1000
    })
  } finally {
    await miniflare.dispose()
  }
}
