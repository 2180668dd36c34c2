/** Files and archives of Python's msglc and s3fs, in both directions, on each S3 server that is here. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Bytes, Store } from '../../../src/contracts/index.ts'
import { equalBytes } from '../../../src/core/bytes.ts'
import { append, lazyCombiner, lazyReader, lazyWriter } from '../../../src/files/msglc/index.ts'
import { type CodecName, encodeMsglc } from '../../../src/formats/msglc/index.ts'
import { s3Store } from '../../../src/stores/s3.ts'
import { PREPARE_MS, type Python, pythonFor, SCRIPT_MS } from '../../python.ts'
import { PROFILES, realServers, startServer, type TestServer } from '../../servers.ts'

/** Of 12 kB: more than fits in one part, and large enough to be found one by one. */
const ROWS = 1000
const CODECS = ['msgpack', 'cbor'] as const
const PART_BYTES = 5 * 1024 ** 2
const requirements = new URL('requirements.txt', import.meta.url)
const script = new URL('interoperation.py', import.meta.url)

let python: Python | undefined
let missingPython: string | undefined

beforeAll(async () => {
  const found = await pythonFor('Python’s msglc and s3fs beside sluice/msglc', requirements)
  python = found.python
  missingPython = found.missing
}, PREPARE_MS)

for (const { kind, missing } of [{ kind: 'gateway' as const }, ...realServers()]) {
  if (missing) {
    test.skip(`s3fs on ${kind}: ${missing}`)
    continue
  }
  describe(`on ${kind}`, () => {
    let server: TestServer
    let store: Store

    beforeAll(async () => {
      server = await startServer(kind)
      const { capabilities } = PROFILES[kind]
      store = s3Store({ ...server, credentials: server, capabilities })
    }, 90_000)

    afterAll(() => server?.stop())

    test('a file that each writes and the other reads', { timeout: SCRIPT_MS }, async ({
      skip,
    }) => {
      const rows = Array.from({ length: ROWS }, (_, index) => `row ${index}`.repeat(1500))
      await using writer = lazyWriter(store, 'from-sluice', { partBytes: PART_BYTES })
      await writer.write({ hello: 'world', rows })
      await writer.close()
      if (!python) return skip(missingPython)
      const read = await python.script(script, server, { STEP: 'store', COUNT: String(ROWS) })
      expect(JSON.parse(read)).toEqual(['world', rows[ROWS - 1], ROWS])
      const reader = await lazyReader<{ hello: string; rows: string[] }>(store, 'from-python')
      expect(await reader.read('rows/-1')).toBe(rows[ROWS - 1])
      const whole = await reader.toObject()
      expect([whole.hello, whole.rows.join()]).toEqual(['world', rows.join()])
      const [theirs, ours] = ['from-python', 'from-sluice'].map(async (key) => {
        const { bytes } = await (await lazyReader(store, key)).raw()
        return bytes()
      })
      expect(equalBytes((await theirs) as Bytes, (await ours) as Bytes)).toBe(true)
    })

    test('archives that either begins, and both add to and read, of both codecs', {
      timeout: SCRIPT_MS,
    }, async ({ skip }) => {
      const archives: Archive[] = []
      for (const codec of CODECS) {
        const isNamed = codec === 'msgpack'
        const begun = new Archive('Sluice', codec, isNamed)
        const combiner = lazyCombiner(store, begun.key, { codec })
        for (const file of begun.add('Sluice')) await combiner.write(file)
        await combiner.close()
        archives.push(begun, new Archive('Python', codec, !isNamed))
      }
      if (!python) return skip(missingPython)
      for (let turn = 0; turn < 2; turn++) {
        const before = archives.map(({ value }) => value)
        const asked = archives.map((archive) => {
          const names = archive.add('Python').map(({ name }) => name)
          return { key: archive.key, codec: archive.codec, names: archive.isNamed ? names : null }
        })
        const env = { STEP: 'archives', ARCHIVES: JSON.stringify(asked) }
        const seen = JSON.parse(await python.script(script, server, env))
        expect(seen).toEqual(archives.map(({ value }, index) => [before[index], value]))
        for (const archive of archives) {
          expect(await (await lazyReader(store, archive.key)).toObject()).toEqual(archive.value)
          await append(store, archive.key, archive.add('Sluice'))
          expect(await (await lazyReader(store, archive.key)).toObject()).toEqual(archive.value)
        }
      }
      const piece = await (await (await lazyReader(store, 'piece-cbor')).raw()).bytes()
      const raw = await (await (await lazyReader(store, 'Python-msgpack-list')).visit('1')).raw()
      expect(await raw.bytes()).toEqual(piece)
    })
  })
}

/** An archive, and what it is to hold. */
class Archive {
  readonly key: string
  readonly codec: CodecName
  readonly isNamed: boolean
  readonly #files: { readonly name: string; readonly value: unknown }[] = []

  constructor(begunBy: string, codec: CodecName, isNamed: boolean) {
    this.key = `${begunBy}-${codec}-${isNamed ? 'map' : 'list'}`
    this.codec = codec
    this.isNamed = isNamed
  }

  /** `null` as long as it holds nothing. */
  get value(): unknown {
    const files = this.#files
    if (files.length === 0) return null
    if (!this.isNamed) return files.map(({ value }) => value)
    return Object.fromEntries(files.map(({ name, value }) => [name, value]))
  }

  /** A file of each codec more. */
  add(by: string): { readonly name: string | undefined; readonly bytes: Bytes }[] {
    return CODECS.map((codec) => {
      const file = { name: `${this.#files.length}`, value: { by, codec } }
      this.#files.push(file)
      const bytes = encodeMsglc(file.value, { codec })
      return { name: this.isNamed ? file.name : undefined, bytes }
    })
  }
}
