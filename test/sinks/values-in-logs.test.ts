import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Log } from '../../src/contracts/index.ts'
import { lazyReader } from '../../src/files/msglc/index.ts'
import { msglc, NumpyArray } from '../../src/formats/msglc/index.ts'
import { memoryLog } from '../../src/logs/memory.ts'
import { fileLog } from '../../src/node/file-log.ts'
import { bench } from './harness.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-values-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let logs = 0
const LOGS: readonly (readonly [string, () => Log])[] = [
  ['a log in memory', () => memoryLog()],
  ['a log on a disk', () => fileLog(join(folder, String(logs++)))],
]

function nested(levels: number, leaf: unknown): unknown {
  let value = leaf
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

const { buffer } = Uint8Array.of(1, 2)

/** A value of a record in msglc files, and as what it is read there. */
const TAKEN: Readonly<Record<string, readonly [unknown, unknown]>> = {
  'a Map': [
    new Map<unknown, unknown>([[1, { a: new Map([[2, 3]]) }]]),
    new Map<unknown, unknown>([[1, { a: new Map([[2, 3]]) }]]),
  ],
  'a Map of texts': [new Map([['a', 2n ** 63n]]), { a: 2n ** 63n }],
  'a Set': [new Set([3, 1]), [1, 3]],
  'a Float64Array': [Float64Array.of(1, 0.5), [1, 0.5]],
  'a Float32Array': [Float32Array.of(1, 0.5), [1, 0.5]],
  'an Int16Array': [Int16Array.of(-7), [-7]],
  'a BigUint64Array': [BigUint64Array.of(2n ** 63n), [2n ** 63n]],
  'an ArrayBuffer': [buffer, Uint8Array.of(1, 2)],
  'a DataView': [new DataView(buffer, 1), Uint8Array.of(2)],
  'a Uint8ClampedArray': [Uint8ClampedArray.of(5), Uint8Array.of(5)],
  'lists in 63 levels': [nested(63, new Date(0)), nested(63, '1970-01-01T00:00:00.000Z')],
}

const REFUSED: Readonly<Record<string, readonly [unknown, string]>> = {
  'a NumpyArray': [[new NumpyArray('float64', [1], Float64Array.of(1))], '/v/0'],
  'a function in a Map': [new Map([['k', () => 1]]), '/v/k'],
  'lists in 64 levels': [nested(64, 1), `/v${'/0'.repeat(63)}`],
  'a RegExp': [/x/, '/v'],
}

describe.each(['msgpack', 'cbor'] as const)('records of msglc files, %s', (codec) => {
  test.each(Object.entries(TAKEN))(
    '%s is in the same file, whatever the log',
    async (_, [v, read]) => {
      const files: unknown[] = []
      for (const [, log] of LOGS) {
        const { sink, store } = bench({ format: msglc({ codec }), log: log() })
        expect(await sink.write([{ ok: 1 }, { v }, { ok: 2 }])).toMatchObject({ accepted: 3 })
        const { key = '' } = (await sink.close()).files[0] ?? {}
        files.push(await (await store.get(key))?.bytes())
        const reader = await lazyReader(store, key)
        expect(await reader.toObject()).toEqual([{ ok: 1 }, { v: read }, { ok: 2 }])
      }
      expect(files[1]).toEqual(files[0])
    },
  )

  test.each(Object.entries(REFUSED))(
    '%s is refused alone, whatever the log',
    async (_, [v, path]) => {
      for (const [, log] of LOGS) {
        const { sink } = bench({ format: msglc({ codec }), log: log() })
        const { accepted, rejected } = await sink.write([{ ok: 1 }, { v }, { ok: 2 }])
        expect({ accepted, rejected }).toMatchObject({
          accepted: 2,
          rejected: [{ index: 1, code: 'invalid-record', path }],
        })
        expect((await sink.close()).files).toHaveLength(2)
      }
    },
  )
})

const LARGE = 'x'.repeat(2 * 1024 * 1024)

test.each([
  ['a Map', new Map([['k', LARGE]])],
  ['a Set', new Set([LARGE])],
  ['an ArrayBuffer', new ArrayBuffer(2 * 1024 * 1024)],
  ['60 lists', nested(60, LARGE)],
])('a large record is too large in %s', async (_, v) => {
  const { sink } = bench({ format: msglc() })
  const { rejected } = await sink.write([{ v }])
  expect(rejected).toMatchObject([{ code: 'too-large' }])
  await sink.abort()
})

test.each(LOGS)(
  '%s: a producer that repeats its number with another Map is told so',
  async (_, log) => {
    const { sink } = bench({ format: msglc(), log: log() })
    const write = (k: string) =>
      sink.write([{ v: new Map([[1, { k }]]) }], { producer: { id: 'p', epoch: 0, seq: 0 } })
    expect(await write('ONE')).toMatchObject({ accepted: 1, duplicate: false })
    expect(await write('ONE')).toMatchObject({ accepted: 1, duplicate: true })
    await expect(write('TWO')).rejects.toMatchObject({ code: 'conflict' })
    await sink.abort()
  },
)
