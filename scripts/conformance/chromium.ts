import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium } from 'playwright-core'
import { chromiumFlags, findChromium, NO_CHROMIUM } from '../test-chromium.ts'
import { bundle, type CaseLine, type Cell, type CellLine, type Runtime } from './runtime.ts'

/** What test/conformance/page.ts puts into the page. */
declare const startCell: (cell: Cell) => Promise<void>

/** A page of an origin of its own, so that every request to a server is of another origin and needs its leave (CORS). */
export async function chromiumRuntime(): Promise<Runtime> {
  const executablePath = findChromium()
  if (executablePath === undefined) {
    return { name: 'chromium', missing: NO_CHROMIUM, run: () => Promise.reject(NO_CHROMIUM) }
  }
  const script = readFileSync(await bundle('page', { platform: 'browser' }))
  const server = createServer(({ url }, answer) => {
    if (url === '/page.mjs') answer.setHeader('content-type', 'text/javascript').end(script)
    else if (url === '/') answer.setHeader('content-type', 'text/html').end(PAGE)
    else answer.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const browser = await chromium.launch({ executablePath, args: chromiumFlags() })
  return {
    name: 'chromium',
    async run(cell, tell) {
      const page = await browser.newPage()
      try {
        const broken = new Promise<never>((_, reject) => {
          page.on('crash', () => reject(new Error('the page crashed')))
          page.on('pageerror', reject)
        })
        await page.exposeFunction('tell', (line: CaseLine | CellLine) => tell(line))
        await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
        await Promise.race([page.evaluate((told) => startCell(told), cell), broken])
      } finally {
        await page.close()
      }
    },
    async stop() {
      await browser.close()
      server.close()
      server.closeAllConnections()
    },
  }
}

const PAGE =
  '<!doctype html><title>Conformance</title><script type="module" src="/page.mjs"></script>'
