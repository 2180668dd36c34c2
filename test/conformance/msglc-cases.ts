import type { Store } from 'sluice'
import { encodeMsglc } from 'sluice/formats/msglc'
import { append, lazyCombiner, lazyReader, lazyWriter, listOf } from 'sluice/msglc'
import { checkBytes, checkEqual, checkRejects } from '../../src/testing/check.ts'
import type { MatrixCase } from './matrix-case.ts'

/** An empty store for one case. */
export interface StoreForMsglc {
  readonly store: Store
  close?(): Promise<void>
}

/** Above the parts of S3, so that a file has two. */
const ROWS = 6000
const TEXT = 'x'.repeat(1000)
const PART_BYTES = 5 * 1024 ** 2

async function* rows(count: number): AsyncGenerator<unknown> {
  for (let index = 0; index < count; index++) yield { index, text: TEXT }
}

const CASES: Readonly<Record<string, (store: Store) => Promise<void>>> = {
  async 'a file of several parts is written as it comes, and one value read out of it'(store) {
    await using writer = lazyWriter(store, 'a b/ü', { partBytes: PART_BYTES })
    await writer.write({ name: 'ü', rows: listOf(rows(ROWS), ROWS) })
    const { bytes } = await writer.close()
    const reader = await lazyReader(store, 'a b/ü')
    checkEqual(reader.sizeBytes, bytes, 'the size')
    checkEqual(await reader.read('rows/-1'), { index: ROWS - 1, text: TEXT }, 'the last row')
    checkEqual(((await reader.read('rows/10:13')) as unknown[]).length, 3, 'a slice')
    checkEqual(reader.statistics.requests <= 4, true, 'at most four requests')
    checkEqual(reader.statistics.bytes < bytes / 10, true, 'a tenth of the bytes')
  },
  async 'what fails leaves the file that was there'(store) {
    const old = encodeMsglc('old')
    await store.put('key', old)
    await using writer = lazyWriter(store, 'key', { partBytes: PART_BYTES })
    await checkRejects(
      writer.write({ rows: listOf(rows(ROWS), ROWS + 1) }),
      'invalid-record',
      'a list that is too short',
    )
    await checkRejects(writer.close(), 'invalid-record', 'closing it')
    checkEqual(await (await lazyReader(store, 'key')).toObject(), 'old', 'the value')
    await using shorter = lazyWriter(store, 'key')
    await shorter.write(1)
    await shorter.close()
    checkBytes(
      (await (await store.get('key'))?.bytes()) ?? new Uint8Array(),
      encodeMsglc(1),
      'the shorter file',
    )
  },
  async 'a file that is replaced is read no further'(store) {
    await store.put('key', encodeMsglc(Array(100).fill(TEXT)))
    const reader = await lazyReader(store, 'key', { firstBytes: 50 })
    await store.put('key', encodeMsglc(Array(100).fill(TEXT.toUpperCase())))
    await checkRejects(reader.read('50'), 'precondition-failed', 'reading on', 'key')
    await checkRejects(lazyReader(store, 'none'), 'not-found', 'an absent key', 'none')
  },
  async 'archives are combined and appended to, and no append is lost'(store) {
    await using writer = lazyWriter(store, 'large', { partBytes: PART_BYTES })
    // Where the server copies, a part of it is sent with the archive's header, and another is left to be copied.
    const count = 2 * ROWS
    await writer.write(listOf(rows(count), count))
    await writer.close()
    const combiner = lazyCombiner(store, 'archive')
    await combiner.write({ key: 'large', name: 'large' })
    await combiner.write({ bytes: encodeMsglc([1], { codec: 'cbor' }), name: 'small' })
    const { bytes, copiedBytes } = await combiner.close()
    checkEqual((await store.head('archive'))?.sizeBytes, bytes, 'the size')
    checkEqual(copiedBytes > 0, store.compose !== undefined, 'whether the server copied')
    if (store.capabilities.conditionalPut) {
      const add = (name: string) =>
        // R2's binding takes a condition on what is put whole only.
        append(store, 'archive', [{ bytes: encodeMsglc(name), name }], { partBytes: 2 * bytes })
      const added = await Promise.allSettled([add('one'), add('two')])
      const codes = added.map((each) => (each.status === 'rejected' ? each.reason.code : 'added'))
      const names = ['one', 'two'].filter((_, index) => codes[index] === 'added')
      checkEqual(
        codes.every((code) => ['added', 'precondition-failed', 'conflict'].includes(code)),
        true,
        `${codes}: added, or told that it was not`,
      )
      const archive = await lazyReader(store, 'archive')
      checkEqual(await archive.keys(), ['large', 'small', ...names], 'the names')
    }
    const archive = await lazyReader(store, 'archive')
    checkEqual(await archive.read('large/-1/index'), count - 1, 'a value of the large one')
    checkBytes(
      await (await (await archive.visit('small')).raw()).bytes(),
      encodeMsglc([1], { codec: 'cbor' }),
      'the small one',
    )
    const left: string[] = []
    for await (const entry of store.list()) if (entry.kind === 'object') left.push(entry.key)
    checkEqual(left.sort(), ['archive', 'large'], 'the objects')
  },
}

/** `sluice/msglc` over a store: the same in each runtime. */
export function msglcCases(
  suite: string,
  create: () => Promise<StoreForMsglc>,
): readonly MatrixCase[] {
  return Object.entries(CASES).map(([name, run]) => ({
    suite,
    name,
    async run() {
      const { store, close } = await create()
      try {
        await run(store)
        return 'passed'
      } finally {
        await close?.()
      }
    },
  }))
}
