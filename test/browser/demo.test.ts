import { createReadStream, createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type LocalWorker, startLocalWorker } from '../../scripts/start/local-worker.ts'
import { chromiumFlags, findChromium } from '../../scripts/test-chromium.ts'

const executablePath = findChromium()
const root = fileURLToPath(new URL('../..', import.meta.url))
const birdstrikes = join(root, 'node_modules/vega-datasets/data/birdstrikes.csv')

describe('the web demo, in Chromium', () => {
  let folder: string
  let local: LocalWorker
  let address: string
  let browser: Browser
  let context: BrowserContext
  let page: Page
  /** Errors of scripts, violations of the content security policy, failed requests, and what the Worker logs. */
  let complaints: string[] = []

  beforeAll(async () => {
    if (executablePath === undefined) return
    folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'))
    local = await startLocalWorker({
      root,
      state: join(folder, 'state'),
      port: 0,
      streams: {},
      onLog: (line) => complaints.push(line),
    })
    address = new URL('/', local.url).href
    browser = await chromium.launch({ executablePath, args: chromiumFlags() })
  })

  afterAll(async () => {
    await browser?.close()
    await local?.stop()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  beforeEach(async ({ skip }) => {
    skip(executablePath === undefined, 'no Chromium on the PATH')
    context = await browser.newContext()
    // Below the test's own limit, so that a failure says what was waited for.
    context.setDefaultTimeout(100_000)
    page = await context.newPage()
    complaints = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
  })

  afterEach(async () => {
    await context?.close()
  })

  async function openPage(): Promise<void> {
    await page.goto(`${address}#token=${local.token}`)
    await page.getByRole('heading', { name: 'Choose a file' }).waitFor()
  }

  /** Waits until the whole file has been read. */
  async function fileIsRead(): Promise<void> {
    await page.locator('#send-button:enabled').waitFor()
  }

  /** Sends as the format, and waits until the files are there. */
  async function send(format: string): Promise<void> {
    await page.getByRole('radio', { name: format }).check()
    await page.getByRole('button', { name: /^Send \d/ }).click()
    await page.getByRole('heading', { name: 'Files in the bucket' }).waitFor()
  }

  /** Follows the n-th link, checks that it gives what the bucket holds, and puts it into a file. */
  async function download(place: number): Promise<{ path: string; key: string }> {
    const item = page.locator('#file-list li').nth(place)
    const key = (await item.locator('.key').textContent()) ?? ''
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      item.getByRole('link', { name: 'Download' }).click(),
    ])
    const path = join(folder, download.suggestedFilename())
    await download.saveAs(path)
    expect((await readFile(path)).equals(await local.bucket.get(key))).toBe(true)
    return { path, key }
  }

  test('a dropped CSV becomes a Parquet file with the same records', async () => {
    await openPage()
    await drop(page, 'birdstrikes.csv', await readFile(birdstrikes, 'utf8'))
    await fileIsRead()

    expect(await page.locator('#preview-summary').textContent()).toBe('10,000 records, 14 columns')
    expect(await page.locator('#preview-table tbody tr').count()).toBe(25)
    const first = page.locator('#preview-table tbody tr').first()
    expect(await first.locator('td').first().textContent()).toBe('BARKSDALE AIR FORCE BASE ARPT')
    const heads = await page.locator('#preview-table th').allTextContents()
    expect(heads.slice(0, 2)).toEqual(['Airport Namestring', 'Aircraft Make Modelstring'])
    expect(heads.slice(-4)).toEqual([
      'Cost Otherint32',
      'Cost Repairint32',
      'Cost Total $int32',
      'Speed IAS in knotsint32, nullable',
    ])

    await send('Parquet')
    expect(await page.locator('#acknowledged').textContent()).toMatch(/^10,000/)
    expect(await page.locator('#rejected').textContent()).toMatch(/^0/)
    expect(await page.locator('#file-list li').count()).toBe(1)
    const { path, key } = await download(0)
    expect(key).toMatch(/\.parquet$/)

    const [columns, ...differences] = await query(
      `SELECT string_agg(column_type, ' ') AS types FROM (DESCRIBE SELECT * FROM '${path}')`,
      // DuckDB reads both sides, every value as its text; neither may hold a record more often than the other.
      `SELECT count(*) AS n FROM (FROM (${csvTexts}) EXCEPT ALL ${parquetTexts(path)})`,
      `SELECT count(*) AS n FROM (${parquetTexts(path)} EXCEPT ALL FROM (${csvTexts}))`,
      `SELECT count(*) - 10000 AS n FROM '${path}'`,
      `SELECT (SELECT sum("Cost Total $") FROM '${path}') - (SELECT sum("Cost Total $"::BIGINT) FROM (${csvTexts})) AS n`,
    )
    expect(columns?.types).toBe(`${'VARCHAR '.repeat(10)}INTEGER INTEGER INTEGER INTEGER`)
    expect(differences.map((row) => Number(row.n))).toEqual([0, 0, 0, 0])
    expect(complaints).toEqual([])
  })

  test('records that are refused are told with their place and reason, and kept as dead letters', async () => {
    await openPage()
    const path = join(folder, 'mixed.json')
    writeFileSync(
      path,
      '[{"id":1,"name":"a"},{"id":2,"name":"\\ud800"},[1,2],{"id":3,"name":"c"},7,{"id":4,"name":"\\udc00"}]',
    )
    await page.locator('#file').setInputFiles(path)
    await fileIsRead()
    expect(await page.locator('#preview-summary').textContent()).toBe('4 records, 2 columns')
    expect(await page.locator('#preview-note').textContent()).toMatch(/^2 records cannot be read/)

    await send('JSONL')
    expect(await page.locator('#sent').textContent()).toMatch(/^6of 6/)
    expect(await page.locator('#acknowledged').textContent()).toMatch(/^2/)
    expect(await page.locator('#rejected').textContent()).toMatch(/^4/)
    const reasons = page.locator('#reject-rows tr')
    expect(await reasons.nth(0).locator('td').allTextContents()).toEqual([
      '/name',
      expect.stringContaining('lone surrogate'),
      '2',
      '2',
    ])
    expect(await reasons.nth(1).locator('td').allTextContents()).toEqual([
      'whole record',
      expect.stringContaining('A record is an object, not a list'),
      '2',
      '3',
    ])
    expect(await reasons.count()).toBe(2)

    expect(await page.locator('#file-list li').count()).toBe(2)
    const keys = await page.locator('#file-list .key').allTextContents()
    const deadLetters = keys.findIndex((key) => key.includes('/_rejected/'))
    expect(
      (await lines((await download(deadLetters)).path)).map((line) => JSON.parse(line).raw),
    ).toEqual(['{"id":2,"name":"\\ud800"}', '[1,2]', '7', '{"id":4,"name":"\\udc00"}'])
    expect(
      (await query(`FROM '${(await download(1 - deadLetters)).path}'`)).map(
        ({ id, name }) => `${id}${name}`,
      ),
    ).toEqual(['1a', '3c'])
    expect(complaints).toEqual([])
  })

  test('a file that cannot be read is sent piece by piece, like any other', async () => {
    const path = join(folder, 'unreadable.ndjson')
    await pipeline(Readable.from(Array(5000).fill('no JSON\n')), createWriteStream(path))
    await openPage()
    await page.locator('#file').setInputFiles(path)
    await fileIsRead()
    expect(await page.locator('#preview-note').textContent()).toMatch(/^5,000 records cannot/)

    let requests = 0
    context.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/records')) requests++
    })
    await send('JSONL')
    expect(await page.locator('#rejected').textContent()).toMatch(/^5,000/)
    expect(requests).toBe(3)
    expect(complaints).toEqual([])
  })

  test('reading 100 MB leaves the page free, and sending it can be stopped', async () => {
    const path = join(folder, 'large.ndjson')
    await pipeline(Readable.from(largeNdjson()), createWriteStream(path))
    expect((await stat(path)).size).toBeGreaterThan(100e6)
    await openPage()
    await page.evaluate(watchMainThread)
    await page.locator('#file').setInputFiles(path)

    // The page answers while its Web Worker reads on.
    await page.locator('#preview-table tbody tr').first().waitFor()
    expect(page.workers()).toHaveLength(1)
    expect(await page.locator('#preview-summary').textContent()).toMatch(
      /^Reading: [\d,]+ records, .* of 10\d(\.\d)? MB$/,
    )
    await page.getByRole('radio', { name: 'CSV' }).check()
    expect(await page.locator('#send-button').isDisabled()).toBe(true)

    await fileIsRead()
    expect(await page.locator('#preview-summary').textContent()).toBe('600,000 records, 4 columns')
    const { frames, longestTaskMs } = await page.evaluate(() => window.mainThread)
    expect(frames).toBeGreaterThan(10)
    expect(longestTaskMs).toBeLessThan(1000)
    expect(page.workers()).toHaveLength(0)

    await page.getByRole('button', { name: 'Send 600,000 records' }).click()
    await page
      .locator('#acknowledged')
      .getByText(/^[1-9]/)
      .waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page
      .getByRole('alert')
      .getByText(/^You stopped the sending\. [\d,]+ records had been/)
      .waitFor()
    expect(page.workers()).toHaveLength(0)
    expect(complaints).toEqual([])
  })

  test('a token is taken out of the address, and asked for where there is none', async () => {
    await openPage()
    expect(page.url()).toBe(address)
    await page.reload()
    await page.getByRole('heading', { name: 'Choose a file' }).waitFor()
    expect(complaints).toEqual([])

    // Another tab has a session of its own.
    const other = await context.newPage()
    await other.goto(address)
    await other.getByLabel('Token').fill('wrong')
    await other.getByRole('button', { name: 'Continue' }).click()
    await other.getByRole('alert').getByText('does not know this token').waitFor()
    await other.getByLabel('Token').fill(local.token)
    await other.getByLabel('Token').press('Enter')
    await other.getByRole('heading', { name: 'Choose a file' }).waitFor()
    expect(await other.getByRole('alert').isVisible()).toBe(false)
  })

  test('a file of another kind is refused by name, and nothing is sent', async () => {
    await openPage()
    await page
      .locator('#file')
      .setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from('x') })
    await page.getByRole('alert').getByText('"photo.png" is none of .csv').waitFor()
    expect(await page.locator('#send').isVisible()).toBe(false)
    expect(complaints).toEqual([])
  })

  test('only what the page brings itself may run', async () => {
    const response = await page.goto(address)
    const policy = response?.headers()['content-security-policy'] ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    const worker = await page.request.get(new URL('parse.worker.js', address).href)
    expect(worker.headers()['content-security-policy']).toBe(policy)
  })

  const csvTexts = `SELECT * FROM read_csv('${birdstrikes}', header = true, all_varchar = true, nullstr = '')`
  const parquetTexts = (path: string): string => `SELECT COLUMNS(*)::VARCHAR FROM '${path}'`
})

declare global {
  interface Window {
    mainThread: { frames: number; longestTaskMs: number }
  }
}

/** Runs in the page. Counts frames, and keeps the longest time for which one task held the main thread. */
function watchMainThread(): void {
  const seen = { frames: 0, longestTaskMs: 0 }
  window.mainThread = seen
  const onFrame = (): void => {
    seen.frames++
    requestAnimationFrame(onFrame)
  }
  requestAnimationFrame(onFrame)
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries())
      seen.longestTaskMs = Math.max(seen.longestTaskMs, duration)
  }).observe({ type: 'longtask' })
}

/** Lets go of a file over the page, as a mouse does. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    ([name, text]) => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([text], name))
      return transfer
    },
    [name, text] as const,
  )
  await page.dispatchEvent('main', 'dragover', { dataTransfer })
  await page.dispatchEvent('main', 'drop', { dataTransfer })
}

/** Some more than 100 MB in 600,000 records. */
function* largeNdjson(): Generator<string> {
  const note =
    'a note that is there to make the line longer, as notes do in real data, here and there and nearly everywhere'
  for (let id = 0; id < 600_000; ) {
    let text = ''
    for (const end = id + 1000; id < end; id++) {
      text += `${JSON.stringify({ id, share: id / 8, name: `name ${id % 977}`, note: `${note} ${id}` })}\n`
    }
    yield text
  }
}

async function query(...statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  try {
    const rows = []
    for (const sql of statements)
      rows.push(...(await connection.runAndReadAll(sql)).getRowObjects())
    return rows
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function lines(path: string): Promise<string[]> {
  return Array.fromAsync(createInterface({ input: createReadStream(path) }))
}
