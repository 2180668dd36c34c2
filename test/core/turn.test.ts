import { expect, it, vi } from 'vitest'
import { nextTurn } from '../../src/core/turn.ts'

it('lets what waits run, and no timer hold it back', async () => {
  vi.stubGlobal('setTimeout', () => {})
  try {
    let turns = 0
    setImmediate(() => turns++)
    await nextTurn()
    expect(turns).toBe(1)
  } finally {
    vi.unstubAllGlobals()
  }
})
