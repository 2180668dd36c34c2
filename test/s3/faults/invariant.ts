import { expect } from 'vitest'
import type { Bytes } from '../../../src/contracts/index.ts'
import { isSluiceError, type SluiceError } from '../../../src/core/errors.ts'
import type { Outcome } from './faults.ts'
import { type Action, KEY, NEW, OLD, SOURCE } from './operations.ts'
import type { World } from './world.ts'

export interface Ended {
  readonly outcome: Outcome
  readonly error: SluiceError | undefined
}

/**
 * Runs an action to its end and holds what is left against what was promised: the object is as it should be, or as it was; no upload
 * is open but one that the error names, or whose id never came; errors are ours; and the end is the end: no request, no
 * timer and no rejection comes after it.
 */
export async function runAndCheck(
  world: World,
  action: Action,
  signal?: AbortSignal,
): Promise<Ended> {
  const rejections: unknown[] = []
  const onRejection = (reason: unknown): void => void rejections.push(reason)
  process.on('unhandledRejection', onRejection)
  try {
    const etag = action.before ? (await world.kept.put(KEY, OLD)).etag : ''
    await world.kept.put(SOURCE, NEW)
    let error: unknown
    try {
      await action.run({ world, store: world.store, signal, etag })
    } catch (thrown) {
      error = thrown
    }
    const { length } = world.sent
    await world.idle()
    expect(world.sent.slice(length), 'requests after the end').toEqual([])
    expect(world.waiting(), 'timers after the end').toBe(0)
    expect(rejections, 'unhandled').toEqual([])
    if (error !== undefined && !isSluiceError(error)) throw error
    await checkKept(world, action, error)
    return { outcome: error?.code ?? 'well', error }
  } finally {
    process.off('unhandledRejection', onRejection)
  }
}

async function checkKept(
  world: World,
  action: Action,
  error: SluiceError | undefined,
): Promise<void> {
  const found = await (await world.kept.get(KEY))?.bytes()
  const before = action.before ? OLD : undefined
  const allowed: (Bytes | undefined)[] = error ? [before, action.after] : [action.after]
  expect(allowed.map(String), 'the object').toContain(String(found))
  const open: string[] = []
  for await (const { uploadId } of world.kept.listMultipart?.('') ?? []) open.push(uploadId)
  const leaked = open.filter((id) => id !== error?.uploadId && !world.unheard.has(id))
  expect(leaked, 'open uploads that nobody was told of').toEqual([])
}
