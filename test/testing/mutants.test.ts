import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mutants } from '../../scripts/simulate/mutants.ts'

// `npm run simulate -- --mutants` takes minutes; that one does not apply any more is seen here.
test.each(mutants)('$name: its text stands once in src/$file', ({ file, find }) => {
  const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8')
  expect(source.split(find)).toHaveLength(2)
})
