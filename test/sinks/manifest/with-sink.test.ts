import { expect, test } from 'vitest'
import * as z from 'zod'
import type { Format, Row, Store } from '../../../src/contracts/index.ts'
import { fromUtf8 } from '../../../src/core/bytes.ts'
import { jsonl } from '../../../src/formats/jsonl.ts'
import { audit } from '../../../src/sinks/audit/audit.ts'
import { compact } from '../../../src/sinks/compact/compact.ts'
import { createSink } from '../../../src/sinks/create-sink.ts'
import { replayDeadLetters } from '../../../src/sinks/dead-letters/replay.ts'
import { deleteRemoved } from '../../../src/sinks/manifest/delete-removed.ts'
import { readManifest } from '../../../src/sinks/manifest/read-manifest.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { bench, rows } from '../harness.ts'
import { impatientClock } from './tools.ts'

const lines = (text: string): Row[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)

/** The ids that a reader of the manifest sees, ascending. */
async function seen(store: Store): Promise<number[]> {
  const { files } = await readManifest({ store, stream: 's' })
  const all: number[] = []
  for (const { key } of files) {
    for (const { id } of lines((await (await store.get(key))?.text()) ?? '?'))
      all.push(id as number)
  }
  return all.sort((a, b) => a - b)
}

test('a sink writes, others compact, replay and delete beside it, and readers see every record once', async () => {
  const { store, sink, reopen } = bench({
    manifest: true,
    schema: z.object({ id: z.number() }),
    rotate: { records: 3 },
  })
  const beside = { store, stream: 's', clock: impatientClock }
  const compacting = () =>
    compact({
      ...beside,
      format: jsonl() as Format,
      read: (bytes) => lines(fromUtf8(bytes)),
      closed: () => true,
      targetBytes: 200,
    })
  const all = (count: number) => rows(0, count).map(({ id }) => id)
  let compacted = 0
  // So that there is a manifest.
  await sink.write(rows(0, 10))
  await sink.flush()
  for (let i = 10; i < 40; i += 10) {
    const writing = sink.write(rows(i, i + 10)).then(() => sink.flush())
    compacted += (await compacting()).files.length
    await writing
    expect(await seen(store)).toEqual(all(i + 10))
    await deleteRemoved({ ...beside, graceMs: 0 })
    expect(await audit({ store, stream: 's' })).toMatchObject({ ok: true, orphans: { count: 0 } })
  }
  expect(compacted).toBeGreaterThan(2)
  await sink.write([{ id: '40' }])
  await sink.close()

  const later = reopen()
  const repair = ({ raw }: { raw: string }) => ({ id: Number(JSON.parse(raw).id) })
  const replayed = await replayDeadLetters({ store, stream: 's', sink: later, repair })
  expect(replayed).toMatchObject({ files: 1, records: 1 })
  await compacting()
  await later.close()
  await deleteRemoved({ ...beside, graceMs: 0 })
  expect(await seen(store)).toEqual(all(41))
  expect(await audit({ store, stream: 's' })).toMatchObject({
    ok: true,
    orphans: { count: 0 },
    foreign: { count: 0 },
    removed: 0,
  })
})

test('what is for a manifest makes none where there is none: its stream would seem to have no files', async () => {
  const store = memoryStore()
  const sink = createSink({ store, format: jsonl(), stream: 'plain' })
  await sink.write([{ id: 1 }])
  await sink.close()
  const missing = { code: 'not-found', message: expect.stringContaining('no manifest') }
  const beside = { store, stream: 'plain' }
  await expect(deleteRemoved(beside)).rejects.toMatchObject(missing)
  const compaction = { ...beside, format: jsonl(), read: () => [], closed: () => true }
  await expect(compact(compaction)).rejects.toMatchObject(missing)
  expect(await audit(beside)).toMatchObject({ ok: true, manifest: undefined })
})
