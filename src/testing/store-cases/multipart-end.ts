import type { Part } from '../../contracts/index.ts'
import { concatBytes } from '../../core/bytes.ts'
import { check, checkEqual, checkRejects } from '../check.ts'
import { multipartCase, partBodies } from './multipart.ts'
import { checkAbsent, checkObject, listed, pattern, type StoreCase } from './tools.ts'

/** How an upload ends: complete, refused, aborted. */
export const multipartEndCases: readonly StoreCase[] = [
  multipartCase('abort leaves nothing, and may be called again', async (store, upload) => {
    const part = await upload.putPart(1, pattern(1000))
    await upload.abort()
    await upload.abort()
    await checkRejects(upload.complete([part]), 'not-found', 'complete() after abort()', 'key')
    await checkRejects(upload.putPart(2, pattern(3)), 'not-found', 'putPart() after abort()', 'key')
    await checkAbsent(store, 'key', 'after abort()')
    checkEqual(await listed(store), [], 'the listing')
  }),
  multipartCase('abort after complete leaves the object', async (store, upload) => {
    await upload.complete([await upload.putPart(1, pattern(1000))])
    await upload.abort()
    await checkObject(store, 'key', pattern(1000))
    await checkRejects(upload.putPart(2, pattern(3)), 'not-found', 'putPart() after it', 'key')
  }),
  multipartCase(
    'a part below the least size is refused at the end',
    async (store, upload, limits) => {
      if (limits.minPartBytes <= 1) return
      const small = await upload.putPart(1, pattern(limits.minPartBytes - 1))
      const last = await upload.putPart(2, pattern(1))
      await checkRejects(upload.complete([small, last]), 'invalid-options', 'complete()', 'key')
      await checkAbsent(store, 'key', 'a refused complete()')
      await upload.abort()
    },
  ),
  multipartCase(
    'unequal parts are taken or refused, as the store says',
    async (store, upload, limits) => {
      const first = pattern(limits.minPartBytes, 1)
      const second = pattern(limits.minPartBytes + 1, 2)
      const parts = [await upload.putPart(1, first), await upload.putPart(2, second)]
      if (limits.equalParts) {
        await checkRejects(upload.complete(parts), 'invalid-options', 'a last part larger', 'key')
        const third = await upload.putPart(3, pattern(1))
        const unequal = upload.complete([...parts, third])
        await checkRejects(unequal, 'invalid-options', 'a middle part larger', 'key')
        await checkAbsent(store, 'key', 'a refused complete()')
        await upload.abort()
      } else {
        await upload.complete(parts)
        await checkObject(store, 'key', concatBytes([first, second]))
      }
    },
  ),
  multipartCase('the parts are from 1, ascending, without holes', async (store, upload, limits) => {
    const parts: Part[] = []
    for (const [index, body] of partBodies(limits).entries()) {
      parts.push(await upload.putPart(index + 1, body))
    }
    const [one, two, three] = parts as [Part, Part, Part]
    for (const wrong of [[], [one, three], [two, three], [two, one, three], [one, one, two]]) {
      const what = `complete() with parts ${wrong.map((part) => part.partNumber)}`
      await checkRejects(upload.complete(wrong), 'invalid-options', what, 'key')
    }
    await checkAbsent(store, 'key', 'a refused complete()')
    await upload.complete([one, two])
    await checkObject(store, 'key', concatBytes(partBodies(limits).slice(0, 2)))
  }),
  multipartCase('a part number that is none is refused', async (_, upload, limits) => {
    for (const number of [0, -1, 1.5, Number.NaN, limits.maxParts + 1]) {
      await checkRejects(
        upload.putPart(number, pattern(3)),
        'invalid-options',
        `part ${number}`,
        'key',
      )
    }
    await upload.abort()
  }),
  multipartCase('a part that was never sent does not become an object', async (store, upload) => {
    const part = await upload.putPart(1, pattern(1000))
    const other = { ...part, etag: part.etag.split('').reverse().join('') }
    const codes = ['invalid-options', 'not-found', 'protocol'] as const
    await checkRejects(upload.complete([other]), codes, 'complete() with a wrong ETag', 'key')
    await checkAbsent(store, 'key', 'a refused complete()')
    await upload.abort()
  }),
  multipartCase('create-only completes where nothing is', async (store, upload) => {
    const parts = [await upload.putPart(1, pattern(10, 1))]
    if (!store.capabilities.conditionalComplete) {
      const completing = upload.complete(parts, { ifNoneMatch: '*' })
      await checkRejects(completing, 'not-supported', 'without the capability', 'key')
      await checkAbsent(store, 'key', 'a refused option')
      await upload.abort()
      return
    }
    await upload.complete(parts, { ifNoneMatch: '*' })
    await checkObject(store, 'key', pattern(10, 1))
    const second = await store.createMultipart?.('key')
    check(second, 'createMultipart() is there')
    const again = second.complete([await second.putPart(1, pattern(10, 2))], {
      ifNoneMatch: '*',
    })
    await checkRejects(again, 'precondition-failed', 'create-only over an object', 'key')
    await checkObject(store, 'key', pattern(10, 1))
    await second.abort()
    await checkObject(store, 'key', pattern(10, 1))
  }),
  multipartCase('ifMatch completes over that version and no other', async (store, upload) => {
    const first = await store.put('key', pattern(10, 1))
    const parts = [await upload.putPart(1, pattern(10, 3))]
    if (!store.capabilities.conditionalComplete) {
      const completing = upload.complete(parts, { ifMatch: first.etag })
      await checkRejects(completing, 'not-supported', 'without the capability', 'key')
    } else {
      const second = await store.put('key', pattern(10, 2))
      const stale = upload.complete(parts, { ifMatch: first.etag })
      await checkRejects(stale, 'precondition-failed', 'a stale ETag', 'key')
      await checkObject(store, 'key', pattern(10, 2))
      const third = await store.createMultipart?.('key')
      check(third, 'createMultipart() is there')
      const part = await third.putPart(1, pattern(10, 4))
      await third.complete([part], { ifMatch: second.etag })
      await checkObject(store, 'key', pattern(10, 4))
    }
    await upload.abort()
  }),
  multipartCase('ifMatch does not complete where nothing is', async (store, upload) => {
    if (!store.capabilities.conditionalComplete) return
    const { etag } = await store.put('other', pattern(10, 1))
    const parts = [await upload.putPart(1, pattern(10, 2))]
    const completing = upload.complete(parts, { ifMatch: etag })
    await checkRejects(completing, 'precondition-failed', 'ifMatch on an absent key', 'key')
    await checkAbsent(store, 'key', 'a refused complete()')
    await upload.abort()
  }),
  multipartCase('a refused completion leaves the upload open', async (store, upload) => {
    const { etag } = await store.put('key', pattern(10, 1))
    const parts = [await upload.putPart(1, pattern(10, 2))]
    const { conditionalComplete } = store.capabilities
    const unmet = conditionalComplete ? 'precondition-failed' : 'not-supported'
    const creating = upload.complete(parts, { ifNoneMatch: '*' })
    await checkRejects(creating, unmet, 'create-only over an object', 'key')
    const both = upload.complete(parts, { ifNoneMatch: '*', ifMatch: etag })
    const refused = conditionalComplete ? 'invalid-options' : 'not-supported'
    await checkRejects(both, refused, 'ifNoneMatch and ifMatch', 'key')
    await upload.complete(parts)
    await checkObject(store, 'key', pattern(10, 2))
  }),
]
