import { describe, expect, test } from 'vitest'
import { segmentLog } from '../../../src/logs/segments/segment-log.ts'
import {
  AT_MS,
  batch,
  committed,
  LANE,
  OTHER,
  readAll,
  rowsOf,
  sealAndCommit,
  sealed,
  step,
} from '../../../src/testing/log-cases/tools.ts'
import { ModelFolder, type Operation } from './model-folder.ts'

/** Holds back operations of one kind until it is opened. */
function gate(folder: ModelFolder, kind: Operation['kind']): () => void {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  folder.before = (operation) => (operation.kind === kind ? opened : undefined)
  return open
}

function syncs(folder: ModelFolder): number {
  return folder.operations.filter(({ kind }) => kind === 'sync').length
}

describe('group commit', () => {
  test('appends that come while a sync is under way share the next one', async () => {
    const folder = new ModelFolder()
    const session = await segmentLog(folder).open('writer')
    const before = syncs(folder)
    const open = gate(folder, 'sync')
    const answered: number[] = []
    const write = (n: number) =>
      session.append(batch([[LANE, rowsOf(1, n)]])).then(({ ranges }) => {
        answered.push(ranges[0]?.begin ?? -1)
      })
    const first = write(0)
    await new Promise((resolve) => setTimeout(resolve, 0))
    const rest = Array.from({ length: 20 }, (_, n) => write(n + 1))
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(answered).toEqual([])
    open()
    await Promise.all([first, ...rest])
    expect(answered).toEqual(Array.from({ length: 21 }, (_, n) => n))
    expect(syncs(folder) - before).toBe(2)
  })

  test('what is refused is refused by the log as it will be, and changes nothing', async () => {
    const folder = new ModelFolder()
    const session = await segmentLog(folder).open('writer')
    const send = (seq: number) =>
      session.append(batch([[LANE, rowsOf(1, seq)]], { producer: step(seq) }))
    const answers = await Promise.allSettled([send(0), send(0), send(2), send(1)])
    expect(
      answers.map((one) => (one.status === 'fulfilled' ? one.value.duplicate : one.reason.code)),
    ).toEqual([false, true, 'conflict', false])
    const next = await segmentLog(folder).open('reader')
    expect(next.state.lanes[0]?.end).toBe(2)
  })
})

describe('a disk that fails', () => {
  test.each(['append', 'sync'] as const)(
    'at an %s: nothing more is acknowledged, and the next owner finds what was',
    async (kind) => {
      const folder = new ModelFolder()
      const log = segmentLog(folder)
      const session = await log.open('writer')
      await session.append(batch([[LANE, rowsOf(2)]]))
      folder.before = (operation) => {
        if (operation.kind === kind) throw new Error('ENOSPC')
      }
      const calls = [1, 2, 3].map(() => session.append(batch([[LANE, rowsOf(1)]])))
      for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'unavailable' })
      await expect(log.open('too early')).rejects.toMatchObject({ code: 'unavailable' })
      folder.before = () => {}
      await expect(session.append(batch([[LANE, rowsOf(1)]]))).rejects.toMatchObject({
        code: 'unavailable',
        retryable: true,
      })
      const next = await log.open('next')
      expect(next.state.lanes[0]?.end).toBeGreaterThanOrEqual(2)
      const { ranges } = await next.append(batch([[OTHER, rowsOf(1)]]))
      expect(ranges[0]?.begin).toBe(0)
    },
  )

  test('at a read: the rows cannot be had now, and the log goes on', async () => {
    const folder = new ModelFolder()
    const session = await segmentLog(folder).open('writer')
    const file = sealed(LANE, 0, 2)
    await session.append(batch([[LANE, rowsOf(2)]]))
    await session.seal(file)
    const { last } = folder
    const bytes = folder.bytesOf(last)
    folder.files.set(last, bytes.slice(0, 20))
    await expect(readAll(session, file)).rejects.toMatchObject({
      code: 'unavailable',
      key: file.key,
    })
    folder.files.set(last, bytes)
    expect(await readAll(session, file)).toEqual(rowsOf(2))
    await session.append(batch([[LANE, rowsOf(1)]]))
  })

  test('rows that only the cache had when a sync failed are written anew by the next owner', async () => {
    const folder = new ModelFolder()
    const session = await segmentLog(folder).open('writer')
    const older = folder.last
    folder.before = (operation) => {
      if (operation.kind === 'sync') throw new Error('EIO')
    }
    await expect(session.append(batch([[LANE, rowsOf(200)]]))).rejects.toMatchObject({
      code: 'unavailable',
    })
    folder.before = () => {}
    const next = await segmentLog(folder).open('next')
    expect(folder.files.has(older)).toBe(false)
    const file = sealed(LANE, 0, 200)
    await next.seal(file)
    expect(await readAll(next, file)).toEqual(rowsOf(200))
  })
})

describe('owners in two processes', () => {
  test('an append that is written when another owner has come is not acknowledged', async () => {
    const folder = new ModelFolder()
    const first = await segmentLog(folder).open('first')
    const open = gate(folder, 'append')
    const late = [
      first.append(batch([[LANE, rowsOf(1)]])),
      first.append(batch([[LANE, rowsOf(1)]])),
    ]
    await new Promise((resolve) => setTimeout(resolve, 0))
    folder.before = () => {}
    const second = await segmentLog(folder).open('second')
    await second.append(batch([[LANE, rowsOf(3)]], { producer: step(0) }))
    open()
    for (const call of late) await expect(call).rejects.toMatchObject({ code: 'fenced' })
    await second.close()
    const third = await segmentLog(folder).open('third')
    expect(third.state.lanes[0]?.end).toBe(3)
  })

  test('an append that is being synced when another owner comes is read and kept by it', async () => {
    const folder = new ModelFolder()
    const first = await segmentLog(folder).open('first')
    const open = gate(folder, 'sync')
    const late = first.append(batch([[LANE, rowsOf(2)]]))
    await new Promise((resolve) => setTimeout(resolve, 0))
    folder.before = () => {}
    const second = await segmentLog(folder).open('second')
    await second.append(batch([[LANE, rowsOf(3)]]))
    open()
    expect((await late).ranges).toEqual([{ lane: LANE, begin: 0, end: 2 }])
    await expect(first.append(batch([[LANE, rowsOf(1)]]))).rejects.toMatchObject({
      code: 'fenced',
    })
    await second.close()
    const third = await segmentLog(folder).open('third')
    expect(third.state.lanes[0]?.end).toBe(5)
  })

  test('an owner that is over removes nothing that the next one needs', async () => {
    const folder = new ModelFolder()
    const options = { segmentBytes: 400 }
    const first = await segmentLog(folder, options).open('first')
    const file = sealed(LANE, 0, 20)
    await first.append(batch([[LANE, rowsOf(20)]]))
    await first.seal(file)
    const second = await segmentLog(folder, options).open('second')
    await expect(first.commit([committed(file)])).rejects.toMatchObject({ code: 'fenced' })
    await expect(first.append(batch([[LANE, rowsOf(20)]]))).rejects.toMatchObject({
      code: 'fenced',
    })
    expect(await readAll(second, file)).toEqual(rowsOf(20))
  })

  test('of many that open at once, one is the owner', async () => {
    const folder = new ModelFolder()
    const sessions = await Promise.allSettled(
      Array.from({ length: 5 }, () => segmentLog(folder).open('one')),
    )
    const answers = await Promise.allSettled(
      sessions.map(async (one) => {
        if (one.status === 'rejected') throw one.reason
        return one.value.append(batch([[LANE, rowsOf(1)]]))
      }),
    )
    const codes = answers.map((one) => (one.status === 'rejected' ? one.reason.code : 'kept'))
    expect(codes.filter((code) => code === 'kept')).toHaveLength(1)
    expect(codes.filter((code) => code === 'fenced')).toHaveLength(4)
  })
})

describe('the room that a log takes', () => {
  const options = { segmentBytes: 4000 }
  const bytesOf = (folder: ModelFolder): number =>
    [...folder.files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0)

  test('is bounded by its rows, though one of them stays for ever', async () => {
    const folder = new ModelFolder()
    const session = await segmentLog(folder, options).open('writer')
    await session.append(batch([[OTHER, rowsOf(1)]]))
    let largest = 0
    for (let n = 0; n < 200; n++) {
      await session.append(batch([[LANE, rowsOf(20, n * 20)]]))
      await sealAndCommit(session, {
        ...sealed(LANE, n * 20, n * 20 + 20),
        sealedAtMs: AT_MS + n * 40 * 86_400_000,
      })
      largest = Math.max(largest, bytesOf(folder))
    }
    expect(largest).toBeLessThan(20_000)
    const file = sealed(OTHER, 0, 1)
    await session.seal(file)
    expect(await readAll(session, file)).toEqual(rowsOf(1))
  })

  test('is given back when the rows are in the store, without a further append', async () => {
    const folder = new ModelFolder()
    const session = await segmentLog(folder, options).open('writer')
    for (let n = 0; n < 50; n++) await session.append(batch([[LANE, rowsOf(20, n * 20)]]))
    expect(bytesOf(folder)).toBeGreaterThan(20_000)
    await sealAndCommit(session, sealed(LANE, 0, 999))
    // The commit is answered first; what comes after it waits for the room.
    await session.committed({ lane: LANE, begin: 0, end: 1 })
    expect(bytesOf(folder)).toBeLessThan(20_000)
  })

  test('does not grow with every opening', async () => {
    const folder = new ModelFolder()
    for (let n = 0; n < 50; n++) {
      const session = await segmentLog(folder, options).open(`owner ${n}`)
      await session.append(batch([[LANE, rowsOf(1, n)]]))
    }
    expect(folder.files.size).toBeLessThan(10)
    const session = await segmentLog(folder, options).open('reader')
    const file = sealed(LANE, 0, 50)
    await session.seal(file)
    expect(await readAll(session, file)).toEqual(rowsOf(50))
  })

  test('what receipts and producers need is dropped when it is old', async () => {
    const folder = new ModelFolder()
    const session = await segmentLog(folder).open('writer')
    const day = 24 * 60 * 60 * 1000
    const write = async (n: number, atMs: number) => {
      const producer = step(0, { id: `producer ${n}` })
      await session.append(batch([[LANE, rowsOf(1)]], { atMs, producer }))
      await sealAndCommit(session, { ...sealed(LANE, n, n + 1), sealedAtMs: atMs })
    }
    const again = (n: number) =>
      session.append(
        batch([], { producer: step(0, { id: `producer ${n}` }), atMs: AT_MS + 8 * day }),
      )
    await write(0, AT_MS)
    // As many as are kept however old they are.
    for (let n = 1; n < 1000; n++) {
      const producer = step(0, { id: `another ${n}` })
      await session.append(batch([], { atMs: AT_MS + day, producer }))
    }
    await write(1, AT_MS + 8 * day)
    expect(await session.committed({ lane: LANE, begin: 0, end: 2 })).toHaveLength(2)
    expect([(await again(0)).duplicate, (await again(1)).duplicate]).toEqual([false, true])
    await write(2, AT_MS + 91 * day)
    const files = await session.committed({ lane: LANE, begin: 1, end: 3 })
    expect(files.map(({ begin }) => begin)).toEqual([1, 2])
    // It would be waited for for ever.
    const old = session.committed({ lane: LANE, begin: 0, end: 2 })
    await expect(old).rejects.toMatchObject({ code: 'not-found' })
  })
})

test('a record that no frame can hold is refused, and the others are kept', async () => {
  const session = await segmentLog(new ModelFolder()).open('writer')
  const text = 'x'.repeat(64 * 1024 * 1024)
  await expect(session.append(batch([[LANE, [{ text }]]]))).rejects.toMatchObject({
    code: 'too-large',
  })
  const { ranges } = await session.append(batch([[LANE, rowsOf(1)]]))
  expect(ranges).toEqual([{ lane: LANE, begin: 0, end: 1 }])
})
