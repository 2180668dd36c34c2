import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { DeadLetter, Format, Row, Schema, Store } from '../../../src/contracts/index.ts'
import { utf8 } from '../../../src/core/bytes.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { lazyReader } from '../../../src/files/msglc/index.ts'
import { encodeMsglc, msglc } from '../../../src/formats/msglc/index.ts'
import { ndjsonBatches } from '../../../src/inputs/json.ts'
import { audit } from '../../../src/sinks/audit/audit.ts'
import type { FileSink } from '../../../src/sinks/create-sink.ts'
import { type ReplayOptions, replayDeadLetters } from '../../../src/sinks/dead-letters/replay.ts'
import { memoryStore } from '../../../src/stores/memory.ts'
import { dyingAt } from '../dying-store.ts'
import { bench, rows, stored } from '../harness.ts'
import { keysOf } from '../manifest/tools.ts'

const strict = z.object({ id: z.number() })

/** `count` records with a text for an id, which the sink's schema refuses. */
const wrong = (count: number): Row[] => rows(0, count).map(({ id }) => ({ id: `${id}` }))

/** A stream with one record that was taken, and `count` dead letters. Its sinks go on with the same log. */
async function refusing(count: number): Promise<{ store: Store; next(): FileSink }> {
  const { store, sink, reopen } = bench({ schema: strict })
  await sink.write([{ id: -1 }, ...wrong(count)])
  await sink.close()
  return { store, next: () => reopen({ schema: strict }) }
}

const numbered = ({ raw }: DeadLetter): Row => ({ id: Number(JSON.parse(raw).id) })

function replay(store: Store, sink: FileSink, more: Partial<ReplayOptions> = {}) {
  return replayDeadLetters({ store, stream: 's', sink, ...more })
}

/** The ids of all visible records, ascending. */
async function ids(store: Store): Promise<unknown[]> {
  const files = Object.entries(await stored(store)).filter(([key]) => !key.startsWith('s/_'))
  return files.flatMap(([, all]) => all.map(({ id }) => id as number)).sort((a, b) => a - b)
}

const whole = (n: number): number[] => Array.from({ length: n + 1 }, (_, i) => i - 1)

test('gives every letter to the sink again, and sets the files aside', async () => {
  const { store, next } = await refusing(1100)
  const sink = next()
  const [file = ''] = await keysOf(store, 's/_rejected/')
  expect(await replay(store, sink, { repair: numbered })).toEqual({
    files: 1,
    records: 1100,
    rejected: 0,
    left: 0,
    failed: [],
    more: false,
  })
  await sink.close()
  expect(await ids(store)).toEqual(whole(1100))
  expect(await keysOf(store, 's/_rejected/')).toEqual([])
  expect(await keysOf(store, 's/_replayed/')).toEqual([file.replace('_rejected', '_replayed')])
  expect(await audit({ store, stream: 's' })).toMatchObject({ ok: true })
  expect(await replay(store, next())).toMatchObject({ files: 0, records: 0 })
})

test('reads a letter as JSON by itself, exactly, and leaves what is none', async () => {
  const { store, sink, reopen } = bench({ schema: z.object({ n: z.bigint() }) })
  const raw = '{"n":12345678901234567890}'
  const refused = (index: number, raw: string) =>
    ({ index, code: 'invalid-record', path: '', message: 'no', raw }) as const
  await sink.write([], { refused: [refused(0, raw), refused(1, '{"n":'), refused(2, '7')] })
  await sink.close()
  const later = reopen()
  expect(await replay(store, later)).toMatchObject({ files: 1, records: 1, rejected: 2 })
  await later.close()
  expect(Object.values(await stored(store, 's/0-'))).toHaveLength(1)
  const text = await (await store.get((await keysOf(store, 's/0-'))[0] ?? ''))?.text()
  expect(text).toBe(`${raw}\n`)
  const letters = Object.values(await stored(store, 's/_rejected/')).flat()
  expect(letters).toMatchObject([
    { error: 'invalid-record', message: 'no', raw: '{"n":' },
    { error: 'invalid-record', message: 'no', raw: '7' },
  ])
})

/** A stream whose columns had no `extra` when the record came, and which has then no columns that reject. */
async function grown(extra: unknown, format: Format = msglc() as Format) {
  const schema: Schema = { fields: [{ name: 'id', type: 'int32', nullable: false }] }
  const { store, sink, reopen } = bench({ schema, format })
  expect(await sink.write([{ id: 1, extra }])).toMatchObject({ accepted: 0 })
  await sink.close()
  return { store, next: () => reopen({ schema: undefined, format }) }
}

function nested(levels: number, leaf: unknown): unknown {
  let value = leaf
  for (let level = 0; level < levels; level++) value = { d: value }
  return value
}

test.each([
  ['60 levels', nested(60, 'x')],
  ['bytes', Uint8Array.of(1, 2, 3)],
  ['a bigint', 5n],
  ['NaN', Number.NaN],
  ['a negative zero', -0],
  ['a Map', new Map([[1, { a: [Number.POSITIVE_INFINITY] }]])],
])('what the letter of a record with %s gives is that record', async (_, extra) => {
  const { store, next } = await grown(extra)
  const sink = next()
  expect(await replay(store, sink)).toMatchObject({ records: 1, rejected: 0 })
  const { files } = await sink.close()
  const reader = await lazyReader(store, files[0]?.key ?? '')
  const [read] = (await reader.toObject()) as unknown[]
  const direct = encodeMsglc({ id: 1, extra })
  expect(encodeMsglc(read)).toEqual(direct)
})

test('the letter of a record with a date gives a date', async () => {
  const at = new Date(1500)
  const { store, sink, reopen } = bench({ schema: z.strictObject({ id: z.number() }) })
  await sink.write([{ id: 1, at }])
  await sink.close()
  const later = reopen({ schema: z.strictObject({ id: z.number(), at: z.date() }) })
  expect(await replay(store, later)).toMatchObject({ records: 1, rejected: 0 })
  await later.close()
})

test.each([
  ['a function', () => 1],
  ['70 levels', nested(70, 1)],
  ['more than a letter has', 'x'.repeat(100_000)],
  ['more bytes than a letter has', new Uint8Array(49_133)],
])(
  'a letter that has not all of its record is left, unless it is repaired: %s',
  async (_, extra) => {
    const { store, next } = await grown(extra)
    const [letter] = Object.values(await stored(store, 's/_rejected/')).flat()
    expect(letter?.exact === null).toBe(true)
    const sink = next()
    expect(await replay(store, sink)).toMatchObject({ files: 0, records: 0, left: 1 })
    const repair = ({ raw, exact }: DeadLetter) =>
      exact === null ? { id: 1, extra: raw.length } : undefined
    expect(await replay(store, sink, { repair })).toMatchObject({ files: 1, records: 1 })
    await sink.close()
  },
)

test('a letter that is left among others is as it was', async () => {
  const { store, sink, reopen } = bench({ schema: strict })
  await sink.write([{ id: '1' }, { id: 'x', at: new Date(5) }, { id: () => 1 }])
  await sink.close()
  const later = reopen()
  const repair = ({ raw }: DeadLetter) => (raw === '{"id":"1"}' ? { id: 1 } : undefined)
  expect(await replay(store, later, { repair })).toMatchObject({ records: 1, rejected: 2 })
  await later.close()
  expect(Object.values(await stored(store, 's/_rejected/')).flat()).toMatchObject([
    { raw: '{"id":"x","at":"1970-01-01T00:00:00.005Z"}', exact: '~{"id":"x","at":["d",5]}' },
    { raw: '{"id":"[function]"}', exact: null },
  ])
})

test.each(['~', '~{"a":["z"]}', '7', ''])(
  'an exact text that is none (%j) gives no record',
  async (exact) => {
    const { store, sink, reopen } = bench()
    const raw = '{"id":1}'
    await sink.write([], {
      refused: [{ index: 0, code: 'invalid-record', path: '', message: 'no', raw, exact }],
    })
    await sink.close()
    const later = reopen()
    expect(await replay(store, later)).toMatchObject({ records: 0, left: 1 })
    await later.close()
  },
)

test('a line that is not UTF-8 gives no record with other text in it', async () => {
  const { store, sink, reopen } = bench()
  const line = new Uint8Array([...utf8('{"a":"'), 0xff, ...utf8('"}\n')])
  const records = ndjsonBatches([line])
  for await (const { rows, refused } of records) await sink.write(rows, { refused })
  await sink.close()
  const later = reopen()
  expect(await replay(store, later)).toMatchObject({ records: 0, left: 1 })
  await later.close()
})

test('what is left or refused again is a dead letter once more, and not of this call', async () => {
  const { store, next } = await refusing(3)
  const sink = next()
  const repair = (letter: DeadLetter) =>
    letter.raw.includes('0')
      ? undefined
      : letter.raw.includes('1')
        ? { id: 'no' }
        : numbered(letter)
  expect(await replay(store, sink, { repair })).toMatchObject({ files: 1, records: 1, rejected: 2 })
  await sink.close()
  const letters = Object.values(await stored(store, 's/_rejected/')).flat()
  expect(letters).toMatchObject([{ raw: '{"id":"0"}' }, { raw: '{"id":"no"}' }])
  expect(await audit({ store, stream: 's' })).toMatchObject({ ok: true })
})

test('a file of which no letter has a record stays as it is', async () => {
  const { store, next } = await refusing(3)
  const before = await stored(store)
  expect(await replay(store, next(), { repair: () => undefined })).toMatchObject({
    files: 0,
    left: 1,
  })
  expect(await stored(store)).toEqual(before)
})

test.each(['before', 'after'] as const)(
  'cut off at any call of the store, %s it took effect, and called again: nothing twice, nothing lost',
  async (when) => {
    for (let at = 0; ; at++) {
      const { store, next } = await refusing(1100)
      const sink = next()
      const cut = await replay(dyingAt(store, at, when), sink, { repair: numbered }).then(
        () => false,
        () => true,
      )
      await sink.abort()
      const again = next()
      await replay(store, again, { repair: numbered })
      await again.close()
      expect(await ids(store)).toEqual(whole(1100))
      expect(await keysOf(store, 's/_rejected/')).toEqual([])
      expect(await audit({ store, stream: 's' })).toMatchObject({ ok: true })
      if (cut) continue
      expect(at).toBe(6)
      return
    }
  },
)

test('cut off in the middle of a file, and called again with another repair: refused, not doubled', async () => {
  const { store, next } = await refusing(1100)
  const sink = next()
  let writes = 0
  const dying = {
    write: (...args: Parameters<FileSink['write']>) => {
      if (writes++ === 1) throw new SluiceError('aborted', 'the process is dead')
      return sink.write(...args)
    },
    flush: sink.flush.bind(sink),
  } as FileSink
  await expect(replay(store, dying, { repair: numbered })).rejects.toMatchObject({
    code: 'aborted',
  })
  await expect(replay(store, sink, { repair: () => ({ id: 7 }) })).rejects.toMatchObject({
    code: 'conflict',
  })
  expect(await replay(store, sink, { repair: numbered })).toMatchObject({ records: 1100 })
  await sink.close()
  expect(await ids(store)).toEqual(whole(1100))
})

test('a file is set aside only when its records are visible', async () => {
  const { store, next } = await refusing(2)
  const sink = next()
  const failing = {
    write: sink.write.bind(sink),
    flush: async () => {
      throw new SluiceError('unavailable', 'the store is away')
    },
  } as unknown as FileSink
  await expect(replay(store, failing, { repair: numbered })).rejects.toMatchObject({
    code: 'unavailable',
  })
  expect(await keysOf(store, 's/_replayed/')).toEqual([])
  expect(await keysOf(store, 's/_rejected/')).toHaveLength(1)
})

test('a file is set aside only when each receipt says so', async () => {
  const { store, next } = await refusing(2)
  const sink = next()
  const hasty = {
    flush: async () => [],
    write: async (...args: Parameters<FileSink['write']>) => {
      const ack = await sink.write(...args)
      const committed = async () => {
        throw new SluiceError('unavailable', 'the log is away')
      }
      return { ...ack, receipt: { ...ack.receipt, committed } }
    },
  } as unknown as FileSink
  await expect(replay(store, hasty, { repair: numbered })).rejects.toMatchObject({
    code: 'unavailable',
  })
  expect(await keysOf(store, 's/_replayed/')).toEqual([])
})

test('a file that cannot be deleted is told, and not given again', async () => {
  const { store, next } = await refusing(2)
  const sink = next()
  const [key = ''] = await keysOf(store, 's/_rejected/')
  const error = new SluiceError('permission-denied', 'no')
  const refusal: Store = {
    ...store,
    delete: async () => ({ deleted: 0, failed: [{ key, error }] }),
  }
  await expect(replay(refusal, sink, { repair: numbered })).rejects.toBe(error)
  expect(await replay(store, sink, { repair: numbered })).toMatchObject({ files: 1, records: 0 })
  await sink.close()
  expect(await ids(store)).toEqual(whole(2))
})

test('a file that another replay has taken meanwhile is passed over', async () => {
  const { store, next } = await refusing(2)
  const [key = ''] = await keysOf(store, 's/_rejected/')
  const racing: Store = {
    ...store,
    get: async (...args) => {
      if (args[0] === key) await store.delete(key)
      return store.get(...args)
    },
  }
  expect(await replay(racing, next())).toMatchObject({ files: 0, left: 0, failed: [] })
})

describe('what is no file of dead letters', () => {
  test.each(['{"raw":"{}"}\n', 'x', '[]', 'null', '\xff', `"${'x'.repeat(2 ** 20)}"`])(
    'is told and left alone (%#)',
    async (text) => {
      const { store, next } = await refusing(2)
      const key = 's/_rejected/0-rejected-odd.jsonl'
      await store.put(key, text === '\xff' ? new Uint8Array([0xff]) : utf8(text))
      const sink = next()
      const { failed, files } = await replay(store, sink, { repair: numbered })
      expect(files).toBe(1)
      expect(failed).toMatchObject([{ key, error: { code: 'protocol', key } }])
      expect(JSON.stringify(failed[0]?.error.message)).not.toContain('xxx')
      expect(await keysOf(store, 's/_rejected/')).toEqual([key])
    },
  )

  test('where it stands in the way of one that is set aside, it is not replaced', async () => {
    const { store, next } = await refusing(2)
    const [key = ''] = await keysOf(store, 's/_rejected/')
    const aside = key.replace('_rejected', '_replayed')
    await store.put(aside, utf8('somebody else'))
    await expect(replay(store, next(), { repair: numbered })).rejects.toMatchObject({
      code: 'already-exists',
      key: aside,
    })
    expect(await keysOf(store, 's/_rejected/')).toEqual([key])
  })
})

test('more files than one call holds are left to the next', async () => {
  const store = memoryStore()
  for (let i = 0; i <= 10_000; i++) await store.put(`s/_rejected/${i}`, utf8(''))
  const { sink } = bench({ store })
  expect(await replay(store, sink)).toMatchObject({ left: 10_000, more: true })
})
