import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestServer } from '../servers.ts'
import { environmentOf } from './environment.ts'
import { type ReaderProject, readerProject, type Snippet, snippetsIn } from './snippets.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: root }).sort()
const snippets: Snippet[] = []
for (const page of pages)
  snippets.push(...snippetsIn(page, await readFile(`${root}${page}`, 'utf8')))

let project: ReaderProject
let server: TestServer

beforeAll(async () => {
  project = await readerProject(snippets)
  server = await startGateway()
})

afterAll(async () => {
  await server.stop()
  await project[Symbol.asyncDispose]()
})

test('the code of all pages passes the type checker', () => {
  expect(project.typeCheck()).toBe('')
})

describe('the code runs as pasted', () => {
  test.each(snippets.filter(({ notRun }) => notRun === undefined))(
    '$page:$line',
    { timeout: 90_000 },
    async (snippet) => {
      const { status, stderr } = await project.run(snippet, environmentOf(server))
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    },
  )
})
