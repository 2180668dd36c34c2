import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { send } from '../../scripts/start/send.ts'
import { localWorker, scratch } from './tools.ts'

test('records that cannot be read are sent batch by batch, and told with their places', async () => {
  await using folder = await scratch()
  await using running = await localWorker({ input: { format: 'jsonl' } })
  const path = join(folder.path, 'rows.ndjson')
  const lines = Array.from({ length: 12_000 }, (_, i) =>
    i % 4000 === 1 ? `{"a":${i}}` : i === 4002 ? '{"a":"\\ud800"}' : `no JSON ${i}`,
  )
  await writeFile(path, lines.join('\n'))
  const acknowledged: number[] = []
  const sent = await send(
    { stream: 'input', name: 'rows', path, kind: 'ndjson' },
    { ...running.worker, onProgress: (count) => acknowledged.push(count) },
  )
  expect(acknowledged).toEqual([5000, 10_000, 12_000])
  expect(sent.accepted).toBe(3)
  expect(sent.rejected.map(({ index }) => index)).toEqual(
    lines.flatMap((_, i) => (i % 4000 === 1 ? [] : [i])),
  )
  for (const { index, record } of sent.rejected) {
    expect(record).toEqual(index === 4002 ? { a: '\ud800' } : lines[index])
  }
}, 180_000)
