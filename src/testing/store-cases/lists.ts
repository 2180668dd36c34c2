import type { Store } from '../../contracts/index.ts'
import { compareKeys } from '../../core/keys.ts'
import { check, checkEqual } from '../check.ts'
import { listed, nameOf, pattern, putAll, type StoreCase } from './tools.ts'

/** Every key once, in the order of its UTF-8 bytes, however many there are. */
export const listCases: readonly StoreCase[] = [
  {
    name: 'lists: more than 1,000 keys, in pages that nobody sees',
    async run(store) {
      // `.` sorts before `/`, so that folding puts a key and a prefix in turn.
      const numbers = Array.from({ length: 510 }, (_, i) => String(i).padStart(4, '0'))
      const keys = numbers.flatMap((number) => [`d${number}.txt`, `d${number}/x`])
      await putAll(store, [...keys].reverse())
      checkSame(await listed(store), keys, 'all keys')
      const folded = numbers.flatMap((number) => [`d${number}.txt`, `d${number}/`])
      checkSame(await listed(store, { delimiter: '/' }), folded, 'all keys, folded')
      const after = { startAfter: 'd0050.txt' }
      checkSame(await listed(store, after), keys.slice(101), 'the keys after d0050.txt')
      const foldedAfter = await listed(store, { ...after, delimiter: '/' })
      checkSame(foldedAfter, folded.slice(101), 'the keys after d0050.txt, folded')
      const some = await listed(store, { prefix: 'd00' })
      checkSame(some, keys.slice(0, 200), 'the keys that begin with d00')
    },
  },
  {
    name: 'lists: more than 1,000 keys below one prefix fold into it once',
    async run(store) {
      const keys = Array.from({ length: 1010 }, (_, i) => `m/${String(i).padStart(4, '0')}`)
      await putAll(store, ['a', ...keys, 'z'])
      checkEqual(await listed(store, { delimiter: '/' }), ['a', 'm/', 'z'], 'the folded listing')
    },
  },
  {
    name: 'lists: nothing',
    async run(store) {
      checkEqual(await listed(store), [], 'an empty store')
      await store.put('b', pattern(1))
      checkEqual(await listed(store, { prefix: 'a' }), [], 'a prefix before the only key')
      checkEqual(await listed(store, { prefix: 'b/' }), [], 'a prefix below the only key')
      checkEqual(await listed(store, { startAfter: 'b' }), [], 'after the only key')
    },
  },
  {
    name: 'lists: a prefix need not end at a slash',
    async run(store) {
      await putAll(store, ['lo', 'log-1', 'log/1', 'logs/1', 'm'])
      await checkListing(store, 'log', ['log-1', 'log/1', 'logs/1'])
      await checkListing(store, 'log/', ['log/1'])
      await checkListing(store, 'log-1', ['log-1'])
      await checkListing(store, 'log/1/', [])
    },
  },
  {
    name: 'lists: the order is that of UTF-8, where the astral planes come last',
    async run(store) {
      // By UTF-16 units, U+1F600 (D83D DE00) would come before U+E000 and U+FF5A.
      const keys = ['A', 'B', '_', 'a', 'ab', 'b', 'z', 'ß', 'é', '€', '\ue000', 'ｚ', '😀', '😀a']
      await putAll(store, [...keys].reverse())
      checkEqual(await listed(store), keys, 'the order')
      checkEqual(await listed(store, { startAfter: '\ue000' }), keys.slice(11), 'after U+E000')
      checkEqual(await listed(store, { startAfter: '😀' }), ['😀a'], 'after an astral key')
    },
  },
  {
    name: 'lists: the order goes through folders, by bytes and not by segments',
    async run(store) {
      const keys = ['a!', 'a-b/c', 'a.b', 'a/!', 'a/b', 'a/b-c', 'a/b.c/d', 'a0', 'b/c']
      await putAll(store, [...keys].reverse())
      checkEqual(await listed(store), keys, 'the order')
      checkEqual([...keys].sort(compareKeys), keys, 'compareKeys')
    },
  },
  {
    name: 'lists: a delimiter folds what is below it, in its place',
    async run(store) {
      await putAll(store, ['a!', 'a-b/c', 'a/x', 'a/y/z', 'a0', 'b/c', 'b/d', 'c'])
      const top = await listed(store, { delimiter: '/' })
      checkEqual(top, ['a!', 'a-b/', 'a/', 'a0', 'b/', 'c'], 'the top')
      const below = await listed(store, { delimiter: '/', prefix: 'a/' })
      checkEqual(below, ['a/x', 'a/y/'], 'below a/')
      const partial = await listed(store, { delimiter: '/', prefix: 'a' })
      checkEqual(partial, ['a!', 'a-b/', 'a/', 'a0'], 'beginning with a')
      for await (const entry of store.list({ delimiter: '/' })) {
        checkEqual(entry.kind, nameOf(entry).endsWith('/') ? 'prefix' : 'object', nameOf(entry))
      }
    },
  },
  {
    name: 'lists: startAfter is a key or lies between two',
    async run(store) {
      const keys = ['a', 'b/1', 'b/2', 'c', 'd']
      await putAll(store, keys)
      checkEqual(await listed(store, { startAfter: 'a' }), keys.slice(1), 'after a')
      checkEqual(
        await listed(store, { startAfter: 'b' }),
        keys.slice(1),
        'after b, which is no key',
      )
      checkEqual(await listed(store, { startAfter: 'b/1' }), keys.slice(2), 'after b/1')
      checkEqual(await listed(store, { startAfter: 'b/15' }), keys.slice(2), 'after b/15')
      checkEqual(await listed(store, { startAfter: 'e' }), [], 'after all')
      const within = await listed(store, { prefix: 'b/', startAfter: 'b/1' })
      checkEqual(within, ['b/2'], 'after b/1 within b/')
      const before = await listed(store, { prefix: 'b/', startAfter: 'a' })
      checkEqual(before, ['b/1', 'b/2'], 'after a within b/')
      const behind = await listed(store, { prefix: 'b/', startAfter: 'c' })
      checkEqual(behind, [], 'after c within b/')
      const folded = await listed(store, { delimiter: '/', startAfter: 'a' })
      checkEqual(folded, ['b/', 'c', 'd'], 'after a, folded')
    },
  },
  {
    name: 'lists: startAfter within what is folded leaves that prefix out',
    async run(store) {
      await putAll(store, ['a!', 'a/1', 'a/2', 'a/b/1', 'a0', 'b/1'])
      const cases: readonly (readonly [string, readonly string[]])[] = [
        ['a', ['a!', 'a/', 'a0', 'b/']],
        ['a!', ['a/', 'a0', 'b/']],
        ['a/', ['a0', 'b/']],
        ['a/1', ['a0', 'b/']],
        ['a/2', ['a0', 'b/']],
        ['b', ['b/']],
        ['b/1', []],
      ]
      for (const [startAfter, expected] of cases) {
        const folded = await listed(store, { delimiter: '/', startAfter })
        checkEqual(folded, expected, `after ${startAfter}, folded`)
      }
      const below = await listed(store, { delimiter: '/', prefix: 'a/', startAfter: 'a/1' })
      checkEqual(below, ['a/2', 'a/b/'], 'after a/1 within a/')
      const deeper = await listed(store, { delimiter: '/', prefix: 'a/', startAfter: 'a/b/0' })
      checkEqual(deeper, [], 'after a/b/0 within a/')
    },
  },
  {
    name: 'lists: a listing may be left early, and taken again',
    async run(store) {
      await putAll(store, ['a', 'b', 'c'])
      for await (const entry of store.list()) {
        checkEqual(nameOf(entry), 'a', 'the first entry')
        break
      }
      checkEqual(await listed(store), ['a', 'b', 'c'], 'the whole listing')
    },
  },
  {
    name: 'lists: what was written and deleted is seen at once',
    async run(store) {
      for (const round of [1, 2, 3]) {
        await store.put(`key-${round}`, pattern(round))
        await store.delete(`key-${round - 1}`)
        checkEqual(await listed(store), [`key-${round}`], `the listing in round ${round}`)
      }
    },
  },
]

async function checkListing(
  store: Store,
  prefix: string,
  expected: readonly string[],
): Promise<void> {
  checkEqual(await listed(store, { prefix }), expected, `the listing of ${JSON.stringify(prefix)}`)
}

/** Names the first difference: a thousand keys are too many for a message. */
function checkSame(actual: readonly string[], expected: readonly string[], what: string): void {
  const at = expected.findIndex((name, index) => actual[index] !== name)
  check(at < 0, `${what}: entry ${at} is ${actual[at]}, expected ${expected[at]}`)
  checkEqual(actual.length, expected.length, `${what}: how many`)
}
