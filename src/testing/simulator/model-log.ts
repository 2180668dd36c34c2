import type { Log, LogSession } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import type { BegunWatch } from './begun-watch.ts'
import type { Random } from './random.ts'
import type { Owner, Scheduler } from './scheduler.ts'

const MOST_MS = 5

/**
 * A log that outlives its processes, whatever it is itself: each call takes its turn before it has its effect, and another before it is
 * answered, so that a process can die at either. A call that is refused has changed nothing. With a `watch` it gives up records before they are cut, if
 * it is a log that can, and tells of it.
 */
export function modelLog(
  log: Log,
  by: Owner,
  failureRate: () => number,
  random: Random,
  scheduler: Scheduler,
  watch: BegunWatch | undefined,
): Log {
  const wait = (what: string): Promise<void> =>
    scheduler.wait(by, what, random.fraction() * MOST_MS)

  async function call<T>(what: string, effect: () => Promise<T>): Promise<T> {
    await wait(`log: ${what}`)
    if (random.chance(failureRate())) {
      await wait(`log: ${what} failed`)
      throw new SluiceError('unavailable', `The model log fails to ${what}`)
    }
    const answer = effect()
    answer.catch(() => {})
    await wait(`log: ${what} done`)
    return answer
  }

  function session(inner: LogSession): LogSession {
    // Changes take effect in the order in which they were asked for, however long each takes.
    let last: Promise<unknown> = Promise.resolve()
    const inOrder = <T>(what: string, effect: () => Promise<T>): Promise<T> => {
      const result = last.then(() => call(what, effect))
      last = result.catch(() => {})
      return result
    }
    const { begun } = inner
    return {
      state: inner.state,
      append: (batch) => inOrder(`append ${batch.producer?.seq ?? ''}`, () => inner.append(batch)),
      seal: (file) =>
        inOrder(`seal ${file.key}`, async () => {
          const sealed = await inner.seal(file)
          watch?.sealed(sealed)
          return sealed
        }),
      progress: (id, upload) =>
        inOrder(`progress ${upload?.parts.length}`, () => inner.progress(id, upload)),
      store: (files) => inOrder('store', () => inner.store(files)),
      commit: (files) => inOrder(`commit ${files[0]?.key}`, () => inner.commit(files)),
      committed: (range) => call('committed', () => inner.committed(range)),
      async *read(file) {
        await wait(`log: read ${file.key}`)
        yield* inner.read(file)
      },
      ...(watch &&
        begun && {
          begun: {
            async *read(range) {
              await wait('log: read open records')
              yield* begun.read(range)
            },
            keep: (lane, file) =>
              inOrder(`keep ${file?.upload.begun.rows}`, async () => {
                const state = await begun.keep(lane, file)
                watch.kept(lane, state, by)
                return state
              }),
            giveUp: (id) =>
              inOrder('give up', async () => {
                await begun.giveUp(id)
                watch.gaveUp(id, by)
              }),
          },
        }),
      positions: () => inner.positions(),
      close: () => inOrder('close', () => inner.close()),
    }
  }

  return {
    inMemory: log.inMemory,
    open: async (owner) => session(await call('open', () => log.open(owner))),
  }
}
