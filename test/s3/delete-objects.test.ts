import { expect, test } from 'vitest'
import { s3Client } from '../../src/s3/client.ts'
import { deleteObjects } from '../../src/s3/delete-objects.ts'
import { parseXml } from '../../src/s3/xml.ts'
import { answer, cut, failure, type Script, type Sent, script, xmlError } from './scripted-fetch.ts'

const DONE = answer(200, '<DeleteResult/>')
const GONE = answer(204)

function remove(plan: Script, keys: Iterable<string>, options = {}): Promise<unknown> {
  return deleteObjects(s3Client(plan.options), keys, options)
}

function keysOf(sent: Sent | undefined): (string | undefined)[] {
  return (
    parseXml(sent?.body ?? '')
      ?.children('Object')
      .map((item) => item.text('Key')) ?? []
  )
}

test('goes by batches of 1,000, each key once', async () => {
  const keys = Array.from({ length: 2500 }, (_, i) => `k&<${i}`)
  const plan = script([DONE, DONE, DONE])
  expect(await remove(plan, [...keys, ...keys])).toEqual({ deleted: 2500, failed: [] })
  expect(plan.sent.map((sent) => keysOf(sent).length)).toEqual([1000, 1000, 500])
  expect(plan.sent.flatMap(keysOf)).toEqual(keys)
})

test('one key, and keys that XML cannot carry, go alone', async () => {
  const single = script([GONE])
  await remove(single, ['a b'])
  expect(`${single.sent[0]?.method} ${single.sent[0]?.url.pathname}`).toBe('DELETE /bucket/a%20b')
  const plan = script([DONE, GONE])
  expect(await remove(plan, ['a', 'x\uffff', 'b'])).toEqual({ deleted: 3, failed: [] })
  expect(keysOf(plan.sent[0])).toEqual(['a', 'b'])
  expect(plan.sent[1]?.url.pathname).toBe('/bucket/x%EF%BF%BF')
})

test('what failed of a batch is told, and tried alone where that may help', async () => {
  const mixed = answer(
    200,
    '<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code><Message>no</Message></Error>' +
      '<Error><Key>b</Key><Code>InternalError</Code></Error></DeleteResult>',
  )
  const plan = script([mixed, GONE])
  const result = await remove(plan, ['a', 'b', 'c'])
  expect(result).toMatchObject({
    deleted: 2,
    failed: [{ key: 'a', error: { code: 'permission-denied', key: 'a' } }],
  })
  expect(plan.sent[1]?.url.pathname).toBe('/bucket/b')
})

test('a server without batches is served key by key', async () => {
  const plan = script([
    answer(501, xmlError('NotImplemented')),
    GONE,
    answer(404, xmlError('NoSuchKey')),
  ])
  expect(await remove(plan, ['a', 'b'])).toEqual({ deleted: 2, failed: [] })
})

test('a batch that is refused fails each of its keys, and the call resolves', async () => {
  const plan = script([answer(403, xmlError('AccessDenied'))])
  const result = await remove(plan, ['a', 'b'])
  expect(result).toMatchObject({
    deleted: 0,
    failed: [
      { key: 'a', error: { code: 'permission-denied' } },
      { key: 'b', error: { code: 'permission-denied' } },
    ],
  })
})

test('a lost, an empty and a cut answer are asked for again', async () => {
  const plan = script([cut, answer(200), answer(200, '<DeleteResult>'), DONE])
  expect(await remove(plan, ['a', 'b'])).toEqual({ deleted: 2, failed: [] })
})

test('a key that is none is refused before anything is sent', async () => {
  const plan = script([])
  expect(await failure(remove(plan, ['a', 'b/../c']))).toMatchObject({ code: 'invalid-key' })
  expect(plan.sent).toHaveLength(0)
})

test('no keys need no request; a signal that has fired ends all', async () => {
  expect(await remove(script([]), [])).toEqual({ deleted: 0, failed: [] })
  const signal = AbortSignal.abort()
  expect(await failure(remove(script([]), ['a', 'b'], { signal }))).toMatchObject({
    code: 'aborted',
  })
})

test('where a whole batch fails, no key is tried alone and no further batch is sent', async () => {
  const keys = Array.from({ length: 2500 }, (_, i) => `k${i}`)
  const plan = script([DONE, ...Array.from({ length: 9 }, () => cut)])
  const { deleted, failed } = await deleteObjects(s3Client(plan.options), keys)
  expect(plan.sent).toHaveLength(5)
  expect(deleted).toBe(1000)
  expect(failed.map(({ key }) => key)).toEqual(keys.slice(1000))
  expect(failed.at(-1)?.error).toMatchObject({ code: 'network', attempts: 4 })
})
