import type { Store } from '../../contracts/index.ts'
import { checkEqual, checkRejects } from '../check.ts'
import { checkAbsent, checkObject, listed, pattern, type StoreCase } from './tools.ts'

const SPECIAL = [
  ' ',
  'a b',
  'a+b',
  'a&b=c',
  'a@b:c;d,e',
  'a?b#c',
  'a%b',
  "a'b(c)d*e!f~g",
  'a"b',
  'a\\b',
  'a<b>c|d',
  'a^b`c{d}e[f]',
  'a$b',
  ' a ',
  'a/ b/c ',
]
const ESCAPED = ['a%2Fb', 'a/b', 'a%2fb', 'a%20b', 'a b', 'a+b', 'a%252Fb', '%', '%%', '%zz', 'a%']
const UNICODE = ['ü', 'grün/größe', '日本/語', '😀', 'a😀/b', '\u00a0', '\u2028', '\ufeff']
const DOTS = [
  '...',
  'a..b',
  '..a',
  'a..',
  '.hidden',
  'a/.hidden',
  'a/...',
  'a/b.',
  '.a/b',
  '.sluice/a',
]

/** Every key of the contract, kept apart from every other one. */
export const keyCases: readonly StoreCase[] = [
  {
    name: 'keys: special characters',
    run: (store) => checkKeys(store, SPECIAL),
  },
  {
    name: 'keys: escapes are characters like others',
    run: (store) => checkKeys(store, ESCAPED),
  },
  { name: 'keys: Unicode', run: (store) => checkKeys(store, UNICODE) },
  {
    name: 'keys: dots that are no dot segment',
    run: (store) => checkKeys(store, DOTS),
  },
  {
    name: 'keys: code points that XML cannot carry',
    run: (store) => checkKeys(store, ['a\uffffb', 'a\ufffeb']),
  },
  {
    name: 'keys: equal-looking text of other code points is another key',
    run: (store) => checkKeys(store, ['\u00e9', 'e\u0301', '\u212b', '\u00c5', 'A\u030a']),
  },
  {
    name: 'keys: upper and lower case differ',
    run: (store) => checkKeys(store, ['a/b', 'A/b', 'a/B', 'ab', 'AB', 'Ab']),
  },
  {
    name: 'keys: a key and keys below it',
    run: (store) => checkKeys(store, ['a', 'a/b', 'a/b/c', 'a/b/c/d', 'a.b']),
  },
  {
    name: 'keys: a trailing slash',
    run: (store) => checkKeys(store, ['a/', 'a/b/', 'a/b', 'c/']),
  },
  {
    name: 'keys: a leading slash',
    run: (store) => checkKeys(store, ['/', '/a', 'a', '/a/b']),
  },
  {
    name: 'keys: slashes in a row',
    run: (store) => checkKeys(store, ['a//b', 'a/b', 'a///b', '//', 'a//', 'b//c/d']),
  },
  {
    name: 'keys: the longest, in short segments',
    async run(store, { maxKeyBytes }) {
      const key = 'segment-of-20-bytes/'.repeat(60).slice(0, maxKeyBytes - 1)
      await checkKeys(store, [`${key}a`, `${key}b`])
    },
  },
  {
    name: 'keys: the longest, in one segment',
    async run(store, { maxKeyBytes }) {
      const wide = 'ü'.repeat(400).slice(0, Math.floor(maxKeyBytes / 2))
      const long = 'x'.repeat(maxKeyBytes - 1)
      await checkKeys(store, [`${long}a`, `${long}b`, wide, 'x'.repeat(255), 'x'.repeat(256)])
    },
  },
  {
    name: 'keys: names that file systems or JavaScript keep for themselves',
    run: (store) =>
      checkKeys(store, [
        'CON',
        'nul.txt',
        'a:b',
        '__proto__',
        'constructor',
        'toString',
        '-rf',
        '~',
      ]),
  },
  {
    name: 'keys: invalid ones are refused by every verb before anything is sent',
    async run(store) {
      await store.put('valid', pattern(3))
      const keys = [
        '',
        '.',
        '..',
        './a',
        '../a',
        'a/../b',
        'a/./b',
        'a/..',
        'a/.',
        'a\u0000b',
        'a\nb',
        '\u001f',
        'a\u007f',
        '\ud800',
        'a\udc00b',
        'x'.repeat(1025),
        'ü'.repeat(513),
      ]
      for (const key of keys) await checkRefused(store, key)
      for (const prefix of ['a/../', '../', 'a\u0000', '\ud800']) {
        const listing = listed(store, { prefix })
        await checkRejects(listing, 'invalid-key', `list() of ${JSON.stringify(prefix)}`)
      }
      checkEqual(await listed(store), ['valid'], 'the listing afterwards')
    },
  },
]

async function checkRefused(store: Store, key: string): Promise<void> {
  const shown = JSON.stringify(key.slice(0, 40))
  await checkRejects(store.put(key, pattern(3)), 'invalid-key', `put(${shown})`, key)
  await checkRejects(store.get(key), 'invalid-key', `get(${shown})`, key)
  await checkRejects(store.head(key), 'invalid-key', `head(${shown})`, key)
  await checkRejects(store.delete(key), 'invalid-key', `delete(${shown})`, key)
  const among = store.delete(['valid', key])
  await checkRejects(among, 'invalid-key', `delete() of ${shown} among others`, key)
  if (store.copy) {
    await checkRejects(store.copy('valid', key), 'invalid-key', `copy() to ${shown}`, key)
    await checkRejects(store.copy(key, 'to'), 'invalid-key', `copy() from ${shown}`, key)
  }
  if (store.compose) {
    const composing = store.compose([{ key: 'valid' }], key)
    await checkRejects(composing, 'invalid-key', `compose() to ${shown}`, key)
  }
  if (store.createMultipart) {
    const creating = store.createMultipart(key)
    await checkRejects(creating, 'invalid-key', `createMultipart(${shown})`, key)
  }
}

/** All of them side by side: each holds its own bytes, the listing gives all of them back, and each goes alone. */
async function checkKeys(store: Store, keys: readonly string[]): Promise<void> {
  const sizeOf = (index: number): number => 10 + index
  for (const [index, key] of keys.entries()) await store.put(key, pattern(sizeOf(index), index))
  for (const [index, key] of keys.entries()) {
    await checkObject(store, key, pattern(sizeOf(index), index))
    const head = await store.head(key)
    checkEqual(head?.key, key, 'the key of head()')
    checkEqual(head?.sizeBytes, sizeOf(index), `the size of ${JSON.stringify(key)} by head()`)
    const [first] = await listed(store, { prefix: key })
    checkEqual(first, key, 'the first entry of the listing with the key as prefix')
  }
  const all = await listed(store)
  checkEqual([...all].sort(), [...keys].sort(), 'the listing')
  for (const [index, key] of keys.entries()) {
    await store.delete(key)
    await checkAbsent(store, key, 'after delete()')
    checkEqual((await listed(store)).length, keys.length - index - 1, 'how many are left')
  }
}
