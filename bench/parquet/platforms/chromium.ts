import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { chromiumFlags, findChromium, NO_CHROMIUM } from '../../../scripts/test-chromium.ts'
import { bundle } from '../bundles.ts'
import { type PlatformRun, peakGrowth } from './peak-growth.ts'

/** What a page of Chromium takes for `rows` rows. Rejects with why there is no Chromium. */
export async function inChromium(rows: number): Promise<PlatformRun> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error(NO_CHROMIUM)
  const [script] = await bundle({
    entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
    platform: 'browser',
  })
  const browser = await chromium.launch({ executablePath, args: chromiumFlags() })
  try {
    const page = await browser.newPage()
    await page.addScriptTag({
      type: 'module',
      content: Buffer.from(script?.contents ?? []).toString(),
    })
    await page.waitForFunction(() => 'measure' in globalThis)
    await page.evaluate((count) => (globalThis as unknown as Page).prepare(count), rows)
    // Else what the rows were made of would make place.
    await page.requestGC()
    return await peakGrowth(await renderersOf(browser), () =>
      page.evaluate(() => (globalThis as unknown as Page).measure()),
    )
  } finally {
    await browser.close()
  }
}

/** What page.ts offers. */
interface Page {
  readonly prepare: (rows: number) => Promise<void>
  readonly measure: () => Promise<number>
}

/** The processes of pages, its own blank one among them. */
async function renderersOf(browser: Browser): Promise<readonly number[]> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
}
