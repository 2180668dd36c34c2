import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { parquetReadObjects } from 'hyparquet'
import { type Browser, chromium, type Route } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chromiumFlags, findChromium, NO_CHROMIUM } from '../../scripts/test-chromium.ts'
import type { Written } from './parquet-page.ts'

type Answer = Parameters<Route['fulfill']>[0]

const executablePath = findChromium()
const ORIGIN = 'http://127.0.0.1'
const DIST = fileURLToPath(new URL('../../dist', import.meta.url))
/** A page of one's own, with neither a bundler nor an import map. */
const PLAIN_PAGE = `<!doctype html><script type="module">
  import { parquet } from '/dist/formats/parquet/index.js'
  globalThis.write = async (rows) => {
    const announced = []
    const encoder = parquet({ onFallback: (error) => announced.push(error.name) }).encoder()
    const chunks = [...(await encoder.write(rows)), ...(await encoder.close()).chunks]
    return { announced, bytes: [...new Uint8Array(await new Blob(chunks).arrayBuffer())] }
  }
</script>`

describe('Parquet, in pages of Chromium', () => {
  let browser: Browser
  let script: string

  beforeAll(async () => {
    if (executablePath === undefined) return
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('./parquet-page.ts', import.meta.url))],
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2022',
    })
    script = outputFiles[0]?.text ?? ''
    browser = await chromium.launch({ executablePath, args: chromiumFlags() })
  })

  afterAll(async () => {
    await browser?.close()
  })

  beforeEach(({ skip }) => {
    skip(executablePath === undefined, NO_CHROMIUM)
  })

  const rows = Array.from({ length: 300 }, (_, id) => ({ id, name: `n${id % 7}`, ratio: id / 7 }))

  /** What a page writes that has such a Content-Security-Policy. */
  async function written(policy: string): Promise<Written> {
    return writtenBy((path) => {
      const isScript = path === '/page.js'
      return {
        contentType: isScript ? 'text/javascript' : 'text/html',
        headers: { 'content-security-policy': policy },
        body: isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>',
      }
    })
  }

  async function writtenBy(answer: (path: string) => Answer): Promise<Written> {
    const page = await browser.newPage()
    try {
      await page.route(`${ORIGIN}/**`, (route) =>
        route.fulfill(answer(new URL(route.request().url()).pathname)),
      )
      await page.goto(`${ORIGIN}/`)
      await page.waitForFunction('globalThis.write')
      return await page.evaluate(
        (given) =>
          (globalThis as unknown as { write: (of: typeof given) => Promise<Written> }).write(given),
        rows,
      )
    } finally {
      await page.close()
    }
  }

  async function checkWritten(
    { bytes, ...told }: Written,
    announced: readonly string[],
  ): Promise<void> {
    expect(told).toEqual({ announced })
    expect(await parquetReadObjects({ file: Uint8Array.from(bytes).buffer })).toEqual(rows)
  }

  test.each([
    ["script-src 'self' 'wasm-unsafe-eval'", []],
    // What it throws is the platform's own error, and is told once.
    ["script-src 'self'", ['CompileError']],
  ])('with the policy %s', async (policy, announced) => {
    await checkWritten(await written(policy), announced)
  })

  test('from the files of a served folder, as they are built', async () => {
    const found = await writtenBy((path) =>
      path.startsWith('/dist/')
        ? { path: join(DIST, path.slice('/dist/'.length)) }
        : { contentType: 'text/html', body: PLAIN_PAGE },
    )
    await checkWritten(found, [])
  })
})
