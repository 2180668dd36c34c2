import type { Chunk, EncodedEnd, Encoder } from '../../../contracts/index.ts'
import { StepRunner, type Steps, waitFor } from '../steps.ts'

/** An encoder that is loaded by the first call, whose errors come there. */
export function lazyEncoder<R>(load: () => Promise<Encoder<R>>): Encoder<R> {
  let loaded: Encoder<R> | undefined
  const runner = new StepRunner()
  function* encoder(): Steps<Encoder<R>> {
    loaded ??= yield* waitFor(load())
    return loaded
  }
  function* write(rows: Iterable<R>): Steps<readonly Chunk[]> {
    return yield* waitFor((yield* encoder()).write(rows))
  }
  function* close(): Steps<EncodedEnd> {
    return yield* waitFor((yield* encoder()).close())
  }
  return {
    get bufferedBytes() {
      return loaded?.bufferedBytes ?? 0
    },
    headBytes: 0,
    write: (rows) => runner.run(write(rows)),
    close: () => runner.end(close()),
    checkpoint: () => (runner.hasFailed ? undefined : loaded?.checkpoint?.()),
  }
}
