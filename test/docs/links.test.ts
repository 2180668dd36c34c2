import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: root }).sort()

test.each(pages)('what %s links to is there', (page) => {
  const links = readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)
  const files = [...links].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link))
  expect(files.filter((file) => !existsSync(join(root, dirname(page), file)))).toEqual([])
})
