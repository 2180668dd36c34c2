import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chromiumFlags, findChromium, NO_CHROMIUM } from '../../scripts/test-chromium.ts'
import type { Job } from './opfs-worker.ts'

const executablePath = findChromium()

describe('OPFS log, in workers of Chromium', () => {
  let server: Server
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    if (executablePath === undefined) return
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('./opfs-worker.ts', import.meta.url))],
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2022',
    })
    server = createServer(({ url }, answer) => {
      if (url === '/worker.mjs') {
        answer.setHeader('content-type', 'text/javascript').end(outputFiles[0]?.contents)
      } else answer.setHeader('content-type', 'text/html').end('<!doctype html><title>Logs</title>')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    browser = await chromium.launch({ executablePath, args: chromiumFlags() })
    page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await page.evaluate(() => {
      const workers: Record<string, Worker> = {}
      const start = (name: string) =>
        new Promise<Worker>((resolve, reject) => {
          const worker = new Worker('/worker.mjs', { type: 'module' })
          workers[name] = worker
          worker.addEventListener('message', () => resolve(worker), { once: true })
          worker.addEventListener('error', ({ message }) => reject(new Error(message)))
        })
      Object.assign(globalThis, { workers, start })
    })
  })

  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  beforeEach(({ skip }) => {
    skip(executablePath === undefined, NO_CHROMIUM)
  })

  /** What a worker of its own answers. */
  function ask(name: string, job: Job): Promise<unknown> {
    return page.evaluate(
      async ([name, job]) => {
        const worker = await start(name)
        return new Promise((resolve) => {
          worker.addEventListener('message', ({ data }) => resolve(data))
          worker.postMessage(job)
        })
      },
      [name, job] as const,
    )
  }

  test('passes the suite', async () => {
    const answer = (await ask('suite', { kind: 'suite' })) as {
      result: { cases: number; failed: string[] }
    }
    expect(answer.result.failed).toEqual([])
    expect(answer.result.cases).toBeGreaterThan(45)
  })

  test('a second owner is refused while the first lives, and finds all that was acknowledged when it was ended', async () => {
    const folder = 'ended'
    await ask('writer', { kind: 'write', folder })
    expect(await ask('early', { kind: 'read', folder })).toEqual({ code: 'conflict' })
    const acknowledged = await page.evaluate(async () => {
      const { writer } = workers
      return new Promise<number>((resolve) => {
        writer?.addEventListener('message', ({ data }) => {
          if (data.acknowledged < 2000) return
          writer.terminate()
          resolve(data.acknowledged)
        })
      })
    })
    let answer: unknown
    // The browser lets go of what the worker held soon after it has ended.
    for (let tries = 0; tries < 1000; tries++) {
      answer = await ask('reader', { kind: 'read', folder })
      if (!JSON.stringify(answer).includes('conflict')) break
    }
    const { rows } = (answer as { result: { rows: number[] } }).result
    expect(rows.length).toBeGreaterThanOrEqual(acknowledged)
    expect(rows).toEqual(rows.map((_, n) => n))
  })
})

/** What the page has of the tests. */
declare const workers: Record<string, Worker>
declare function start(name: string): Promise<Worker>
