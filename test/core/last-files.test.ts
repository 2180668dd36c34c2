import { expect, test } from 'vitest'
import type { FileInfo } from '../../src/contracts/index.ts'
import { KEPT_FILES } from '../../src/core/kept-files.ts'
import { LastFiles } from '../../src/core/last-files.ts'

const lane = { stream: 's', partition: '', shard: '0', schema: 'auto' }

function file(number: number, etag = ''): FileInfo {
  return { key: `${number}`, etag, lane, begin: 0, end: 1, records: 1, bytes: 1 }
}

test('the last files, each once, and how many there were', () => {
  const last = new LastFiles()
  for (let number = 0; number < KEPT_FILES + 2; number++) last.add(file(number))
  last.add(file(KEPT_FILES, 'again'))
  expect(last.count).toBe(KEPT_FILES + 2)
  expect(last.files).toHaveLength(KEPT_FILES)
  expect(last.files[0]).toEqual(file(2))
  expect(last.files.at(-2)).toEqual(file(KEPT_FILES, 'again'))
})
