import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { Store } from '../../src/contracts/index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { environmentOf } from '../docs/environment.ts'
import { startGateway } from '../servers.ts'

test('examples/luigi-report.ts: run twice, one upload of each file', async () => {
  const base = memoryStore()
  const puts: string[] = []
  const store: Store = {
    ...base,
    async put(key, ...rest) {
      puts.push(key)
      return base.put(key, ...rest)
    },
  }
  const server = await startGateway(store)
  const example = fileURLToPath(new URL('../../examples/luigi-report.ts', import.meta.url))
  const run = async (): Promise<string> => {
    const words = [example, `s3://${server.bucket}/reports`, '2026-11-21']
    const env = { PATH: process.env.PATH ?? '', ...environmentOf(server) }
    return (await promisify(execFile)(process.execPath, words, { env })).stdout
  }
  try {
    expect(await run()).toMatch(/^wrote s3:.*\/daily\/2026-11-21\.csv\n$/)
    expect(await run()).toBe('')
  } finally {
    await server.stop()
  }
  expect(puts).toEqual(['reports/views/2026-11-21.txt', 'reports/daily/2026-11-21.csv'])
  const report = await (await base.get('reports/daily/2026-11-21.csv'))?.text()
  expect(report).toBe('date,metric,value\n2026-11-21,page_views,5\n')
})
