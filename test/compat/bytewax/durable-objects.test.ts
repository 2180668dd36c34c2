import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adler32 } from '../../../src/compat/bytewax/index.ts'
import { assignParts } from '../../../src/compat/bytewax/run/assign-parts.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

let miniflare: Miniflare
let url: URL

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'test/workers/bytewax-parts.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    external: ['cloudflare:*'],
    conditions: ['workerd', 'worker', 'browser'],
  })
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: outputFiles[0]?.text ?? '',
      compatibilityDate: '2026-09-01',
      durableObjects: { PART: { className: 'Part', useSQLite: true } },
      r2Buckets: ['BUCKET'],
      // Asks nobody where this machine is.
      cf: false,
      host: '127.0.0.1',
      // An object that dies says so.
      log: new Log(LogLevel.NONE),
    }),
  )
  url = await miniflare.ready
})

afterAll(() => miniflare?.dispose())

const rows = Array.from({ length: 40 }, (_, n) => ({ n }))

const send = (job: { rows: typeof rows; dieAt?: number }) =>
  fetch(url, { method: 'POST', body: JSON.stringify(job) })

async function output(): Promise<Record<string, number[]>> {
  const bucket = await miniflare.getR2Bucket('BUCKET')
  const { objects } = await bucket.list({ prefix: 'out/' })
  const parts: Record<string, number[]> = {}
  for (const { key } of objects) {
    const text = (await (await bucket.get(key))?.text()) ?? ''
    const part = key.split('/')[1] ?? ''
    const numbers = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).n)
    parts[part] = [...(parts[part] ?? []), ...numbers]
  }
  return parts
}

function expected(count: number): Record<string, number[]> {
  const names = assignParts([['part_0', 'part_1', 'part_2', 'part_3']]).map(({ name }) => name)
  const parts: Record<string, number[]> = {}
  for (let n = 0; n < count; n++) {
    const name = names[adler32(`key ${n}`) % 4] as string
    parts[name] = [...(parts[name] ?? []), n]
  }
  return parts
}

test('four partitions are four Durable Objects, and one that dies in the middle of an epoch loses and repeats nothing', async () => {
  const died = await send({ rows: rows.slice(0, 30), dieAt: 17 })
  expect([died.status, await died.text()]).toEqual([500, expect.stringContaining('dies')])
  expect(await output()).toEqual(expected(15))
  const again = await send({ rows: rows.slice(0, 30), dieAt: 28 })
  expect(again.status).toBe(500)
  expect(await output()).toEqual(expected(25))
  const rest = await send({ rows })
  expect(await rest.json()).toEqual({ resumeEpoch: 6, epoch: 8, items: 15 })
  expect(await output()).toEqual(expected(40))
  expect(Object.keys(expected(40))).toHaveLength(4)
  const parts = await fetch(url)
  expect(await parts.json()).toEqual(['part_0', 'part_1', 'part_2', 'part_3'])
})
