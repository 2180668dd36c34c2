import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { chromiumFlags, findChromium, NO_CHROMIUM } from '../../../scripts/test-chromium.ts'
import { bundle } from '../bundles.ts'

/** The seconds that a page of Chromium takes for `rows` rows. Rejects with why there is no Chromium. */
export async function inChromium(rows: number): Promise<number> {
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
    return await page.evaluate(
      (count) =>
        (globalThis as unknown as { measure: (n: number) => Promise<number> }).measure(count),
      rows,
    )
  } finally {
    await browser.close()
  }
}
