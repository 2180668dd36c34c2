import type { Encoder } from '../../../contracts/index.ts'

/** An encoder that is loaded by the first call, whose errors come there. */
export function lazyEncoder<R>(load: () => Promise<Encoder<R>>): Encoder<R> {
  let loaded: Encoder<R> | undefined
  const encoder = async (): Promise<Encoder<R>> => {
    loaded ??= await load()
    return loaded
  }
  return {
    get bufferedBytes() {
      return loaded?.bufferedBytes ?? 0
    },
    headBytes: 0,
    write: async (rows) => (await encoder()).write(rows),
    close: async () => (await encoder()).close(),
    checkpoint: () => loaded?.checkpoint?.(),
  }
}
