import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: root }).sort()

const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')

interface Link {
  /** From the root of the repository. */
  readonly file: string
  readonly heading: string | undefined
}

function linksOf(page: string): Link[] {
  return [...textOf(page).matchAll(/\]\(([^)#\s]*)(?:#([^)\s]+))?\)/g)]
    .filter(([, file = '']) => !/^[a-z]+:/.test(file))
    .map(([, file, heading]) => ({ file: file ? join(dirname(page), file) : page, heading }))
}

/** As GitHub and npm make them of a page's headings. */
function anchorsOf(page: string): string[] {
  const headings = textOf(page)
    .replace(/^```.*?^```/gms, '')
    .matchAll(/^#+ (.*)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
}

test.each(pages)('what %s links to is there, with its heading', (page) => {
  const dead = linksOf(page).filter(
    ({ file, heading }) =>
      !existsSync(join(root, file)) ||
      (heading !== undefined && !anchorsOf(file).includes(heading)),
  )
  expect(dead).toEqual([])
})

test('what the pages of the package link to is in the package, but for what is only of the repository', () => {
  const { files } = JSON.parse(textOf('package.json'))
  const packed = new Set([...files, 'README.md'].map((path: string) => path.split('/')[0]))
  const elsewhere = pages
    .filter((page) => packed.has(page.split('/')[0]))
    .flatMap(linksOf)
    .map(({ file }) => file)
    .filter((file) => !packed.has(file.split('/')[0]) && !file.startsWith('test/'))
  expect(new Set(elsewhere)).toEqual(new Set(['ARCHITECTURE.md', 'CONTRIBUTING.md']))
})
