import type { Chunk, EncodedEnd, Encoder } from '../../../contracts/index.ts'
import { type Mark, StepRunner, type Steps, waitFor } from '../steps.ts'

/** One that can go back to where it was. */
export interface MarkedEncoder<R> extends Encoder<R> {
  readonly mark: Mark
}

/** An encoder that is loaded by the first call, whose errors come there. */
export function lazyEncoder<R>(load: () => Promise<MarkedEncoder<R>>): Encoder<R> {
  let loaded: MarkedEncoder<R> | undefined
  const runner = new StepRunner()
  function* encoder(): Steps<MarkedEncoder<R>> {
    loaded ??= yield* waitFor(load())
    return loaded
  }
  function* write(rows: Iterable<R>): Steps<readonly Chunk[]> {
    return yield* waitFor((yield* encoder()).write(rows))
  }
  function* close(): Steps<EncodedEnd> {
    return yield* waitFor((yield* encoder()).close())
  }
  const mark = (): (() => boolean) => {
    const undone = loaded?.mark()
    return () => {
      if (undone) return undone()
      // Nothing was taken before.
      loaded = undefined
      return true
    }
  }
  return {
    get bufferedBytes() {
      return loaded?.bufferedBytes ?? 0
    },
    headBytes: 0,
    write: (rows) => runner.run(write(rows), mark),
    close: () => runner.end(close()),
    checkpoint: () => (runner.hasFailed ? undefined : loaded?.checkpoint?.()),
  }
}
