import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory.ts'
import { startGateway } from '../servers.ts'
import { environmentOf } from './environment.ts'
import { readerProject, snippetsIn } from './snippets.ts'

const sample = await readFile(new URL('./sample.md', import.meta.url), 'utf8')

test('every kind of block is found, checked and run', async () => {
  const snippets = snippetsIn('sample.md', sample)
  expect(snippets.map(({ line, notRun }) => [line, notRun])).toEqual([
    [3, undefined],
    [20, undefined],
    [28, 'nobody is there'],
    [35, undefined],
  ])
  await using project = await readerProject(snippets)
  expect(project.typeCheck()).toBe('')
  const store = memoryStore()
  const server = await startGateway(store)
  const env = environmentOf(server)
  const [first, second, , last] = snippets
  expect(first && (await project.run(first, env))).toMatchObject({ status: 0, stdout: '2 1\n' })
  expect(second && (await project.run(second, env))).toMatchObject({ status: 0 })
  expect(await (await store.get('from/the/docs.txt'))?.text()).toBe('words')
  expect(last && (await project.run(last, env))).toMatchObject({ status: 0 })
  await server.stop()
})

test('what is wrong is told with the line of the page', async () => {
  const page =
    'Text.\n\n```ts\nconst n: number = "text"\n```\n\n```ts\n\nthrow new Error("no")\n```\n'
  const snippets = snippetsIn('wrong.md', page)
  await using project = await readerProject(snippets)
  expect(project.typeCheck()).toMatch(/wrong-md-3\.ts\(4,7\): error TS2322/)
  const run = snippets[1] && (await project.run(snippets[1], {}))
  expect(run?.status).toBe(1)
  expect(run?.stderr).toContain('wrong-md-7.ts:9')
})

describe('a page is refused for', () => {
  test.each([
    [
      'a block that is not run without a reason',
      '```ts no-run\n```',
      /wrong\.md:1: the line before/,
    ],
    [
      'a reason that is not the line before',
      '<!-- not run: x -->\n\n```ts no-run\n```',
      /:3: the line/,
    ],
    ['a block in a language that is not run', '```js\nfail()\n```', /:1: only blocks of "ts"/],
    ['an unknown mark', '```ts norun\n```', /:1: "ts norun"/],
    ['nothing to continue', '```ts continued\n```', /:1: there is no block/],
    ['a block without an end', 'x\n```ts\n', /:2: the block is not closed/],
  ])('%s', (_, page, message) => {
    expect(() => snippetsIn('wrong.md', page)).toThrow(message)
  })
})
