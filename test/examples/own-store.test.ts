import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { ownStore } from '../../examples/own-store.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'
import { registerSuite } from '../stores/register.ts'

describe('examples/own-store.ts', () => {
  registerSuite(storeSuite({ create: async () => ({ store: ownStore() }) }))

  test('is what docs/own-store.md shows', async () => {
    const root = new URL('../../', import.meta.url)
    const example = await readFile(new URL('examples/own-store.ts', root), 'utf8')
    const page = await readFile(new URL('docs/own-store.md', root), 'utf8')
    expect(page).toContain(`\`\`\`ts\n${example}\`\`\`\n`)
  })
})
