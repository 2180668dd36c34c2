import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseStartArguments, UsageError } from '../../scripts/start/arguments.ts'
import { InputError, inputDataSet } from '../../scripts/start/data-sets.ts'

describe('the arguments of npm start', () => {
  test('have defaults', () => {
    expect(parseStartArguments([])).toEqual({
      once: false,
      format: 'parquet',
      input: undefined,
      port: 0,
      state: undefined,
    })
  })

  test('are taken', () => {
    const args = ['--once', '--format', 'csv', '--input', 'a.csv', '--port=8080', '--state', 's']
    expect(parseStartArguments(args)).toEqual({
      once: true,
      format: 'csv',
      input: 'a.csv',
      port: 8080,
      state: 's',
    })
    expect(parseStartArguments(['--help'])).toBeUndefined()
  })

  test.each([
    [['--fromat', 'csv'], '--fromat'],
    [['file.csv'], 'file.csv'],
    [['--format', 'xml'], '--format is one of parquet, jsonl, csv, not "xml"'],
    [['--port', '70000'], '--port'],
    [['--port', 'x'], '--port'],
    [['--input', ''], '--input needs a path'],
    [['--input'], '--input'],
  ])('are refused: %j', (args, words) => {
    expect(() => parseStartArguments(args)).toThrow(UsageError)
    expect(() => parseStartArguments(args)).toThrow(words)
  })
})

describe('the kind of an input', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-test-input-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function given(name: string, text: string | Uint8Array) {
    const path = join(folder, name)
    await writeFile(path, text)
    return inputDataSet(path)
  }

  test.each([
    ['a.csv', '[a],b\n', 'csv'],
    ['a.ndjson', '\n{}', 'ndjson'],
    ['c.csv', `${'\n'.repeat(2000)}a,b\n`, 'csv'],
    ['a.jsonl', '{}', 'ndjson'],
    ['a.json', '\ufeff \n[{}]', 'json-array'],
    ['b.json', '{"a":1}\n{"a":2}', 'ndjson'],
    ['a.txt', 'a;b\n', 'csv'],
    ['b.txt', '[{}]', 'json-array'],
  ])('%s %j is %s', async (name, text, kind) => {
    expect(await given(name, text)).toMatchObject({ stream: 'input', name, kind })
  })

  test.each([
    ['c.json', 'a,b', 'neither a JSON array nor'],
    ['empty', '', 'holds nothing'],
    ['empty.csv', '', 'holds nothing'],
    ['empty.ndjson', '\ufeff\n', 'holds nothing'],
    ['a.gz', new Uint8Array([0x1f, 0x8b, 8]), 'is gzip'],
    ['a.parquet', new Uint8Array([0x50, 0x41, 0x52, 0x31, 0]), 'not text'],
  ])('%s is refused', async (name, text, words) => {
    await expect(given(name, text)).rejects.toThrow(InputError)
    await expect(given(name, text)).rejects.toThrow(words)
  })

  test('a path that is no file is refused', async () => {
    await expect(inputDataSet(folder)).rejects.toThrow('is not a file')
    await expect(inputDataSet(join(folder, 'absent'))).rejects.toThrow('There is no file')
  })
})
