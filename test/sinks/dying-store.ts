import type { Store } from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'

/** A store of which no call is answered from one on. */
export function dyingAt(store: Store, at: number, when: 'before' | 'after'): Store {
  let calls = 0
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    const number = calls++
    if (number < at || (number === at && when === 'after')) {
      const result = await run()
      if (number < at) return result
    }
    throw new SluiceError('aborted', 'the process is dead')
  }
  return {
    ...store,
    put: (...args) => call(() => store.put(...args)),
    get: (...args) => call(() => store.get(...args)),
    head: (...args) => call(() => store.head(...args)),
    delete: (...args) => call(() => store.delete(...args)),
  }
}
