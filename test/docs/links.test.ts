import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: root }).sort()

/** From the root of the repository. */
function linksOf(page: string): string[] {
  const links = readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)
  return [...links]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => join(dirname(page), link))
}

test.each(pages)('what %s links to is there', (page) => {
  expect(linksOf(page).filter((file) => !existsSync(join(root, file)))).toEqual([])
})

test('what the pages of the package link to is in the package, but for what is only of the repository', () => {
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const packed = new Set([...files, 'README.md'].map((path: string) => path.split('/')[0]))
  const elsewhere = pages
    .filter((page) => packed.has(page.split('/')[0]))
    .flatMap(linksOf)
    .filter((file) => !packed.has(file.split('/')[0]) && !file.startsWith('test/'))
  expect(new Set(elsewhere)).toEqual(new Set(['ARCHITECTURE.md', 'CONTRIBUTING.md']))
})
