import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { npmStart, scratch } from './tools.ts'

/** Each starts a Worker or two, which a busy machine takes its time for. */
const TIMEOUT_MS = 180_000

/** Whatever is easily got wrong: see `canonicalFor` for what is expected to come back as what. */
const JSON_ROWS = [
  '{"id":1,"text":"a,\\"b\\"\\n","exact":9007199254740993,"when":"2020-01-02","nested":{"z":[1,2.5],"a":null}}',
  '{"id":2,"text":"","real":0.1,"flag":true}',
  '{"id":2,"text":"","real":0.1,"flag":true}',
  '{"id":3,"text":"007","real":-0.0,"flag":null,"late":"x"}',
  '{"real":1e300,"text":"é😀\\u0000 "}',
]
const CSV =
  'id,name,zip,real,day\n1,"x ""y"",\nz",007,0.10,2020-01-02\n2,,01234,-3,2020-01-03\n3,é,1,,\n'

test.each([
  ['parquet', 'rows.csv', CSV, 3],
  ['jsonl', 'rows.json', `[${JSON_ROWS.join(',\n')}]`, 5],
  ['csv', 'rows.ndjson', JSON_ROWS.join('\r\n\n'), 5],
])(
  'npm start -- --once --format %s --input %s: every record comes back once',
  async (format, name, text, records) => {
    await using folder = await scratch()
    const input = join(folder.path, name)
    await writeFile(input, text)
    const { status, lines, errors } = await npmStart([
      '--once',
      '--format',
      format,
      '--input',
      input,
    ])
    expect(errors).toBe('')
    expect(lines.at(-1)).toBe(`${records} records in, ${records} records out, 1 files, verified`)
    expect(status).toBe(0)
    expect(lines.filter((line) => line.startsWith('input/'))).toEqual([
      expect.stringMatching(new RegExp(`^input/\\S+\\.${format} +${records} `)),
    ])
    // Nobody needs the token, and there is no terminal to draw progress on.
    expect(lines.join('\n')).not.toMatch(/token|█|\r/)
  },
  TIMEOUT_MS,
)

test(
  'rejected records are told and counted, and the exit status is not 0',
  async () => {
    await using folder = await scratch()
    const input = join(folder.path, 'rows.ndjson')
    await writeFile(input, '{"a":1}\nnot json\n[]\n{"a":"\\ud800"}\n{"a":2}\n')
    const { status, lines } = await npmStart(['--once', '--input', input])
    expect(lines.at(-1)).toBe('5 records in, 2 records out, 3 rejected, 1 files, verified')
    expect(lines.at(-2)).toMatch(
      /^rows\.ndjson: 3 rejected and kept as dead letters; the first is record 2: /,
    )
    expect(status).toBe(1)
  },
  TIMEOUT_MS,
)

test(
  'a state that is given is gone on with, and only what this run sent is counted',
  async () => {
    await using folder = await scratch()
    const input = join(folder.path, 'rows.json')
    const state = join(folder.path, 'state')
    await writeFile(input, '[{"a":1},{"a":2}]')
    for (const begin of ['0000', '0002']) {
      const { status, lines } = await npmStart(['--once', '--input', input, '--state', state])
      expect(lines.at(-1)).toBe('2 records in, 2 records out, 1 files, verified')
      expect(lines.at(-3)).toContain(`${begin}-`)
      expect(status).toBe(0)
    }
    expect(await readdir(state)).toContain('r2')
  },
  TIMEOUT_MS,
)

test(
  'without --once it stays up, tells the address, and ends cleanly on Ctrl-C',
  async () => {
    await using folder = await scratch()
    const input = join(folder.path, 'rows.json')
    await writeFile(input, '[{"a":1}]')
    let url = ''
    let answer: Promise<Response> | undefined
    const { status, lines, errors } = await npmStart(['--input', input], (line, child) => {
      url ||= line.match(/listens on (\S+)/)?.[1] ?? ''
      if (!line.includes('Ctrl-C')) return
      answer = fetch(`${url}/v1/streams`)
      void answer.finally(() => child.kill('SIGINT'))
    })
    expect((await answer)?.status).toBe(401)
    expect(lines).toContain('1 records in, 1 records out, 1 files, verified')
    expect(errors).toBe('')
    expect(status).toBe(0)
  },
  TIMEOUT_MS,
)

test('what cannot be started says so', async () => {
  const { status, errors } = await npmStart(['--format', 'xml'])
  expect(errors).toContain('--format is one of parquet, jsonl, csv, not "xml"')
  expect(errors).toContain('Usage: npm start')
  expect(status).toBe(2)
})

test('a file that cannot be taken is named, in one line', async () => {
  const { status, lines, errors } = await npmStart(['--once', '--input', 'absent.csv'])
  expect({ status, lines, errors }).toEqual({
    status: 2,
    lines: [],
    errors: 'There is no file absent.csv\n',
  })
})

test.each([
  ['cut.json', '[{"a":1},{"a"', 'cut.json: It is not one JSON array: '],
  ['twice.csv', 'a,a\n1,2\n', 'twice.csv: Line 1 (byte 0): The header names the column "a" twice'],
  ['latin.csv', Buffer.from('a\ncaf\xe9\n', 'latin1'), 'latin.csv: The input is not UTF-8'],
])(
  'a file that cannot be read to its end is named: %s',
  async (name, bytes, words) => {
    await using folder = await scratch()
    const input = join(folder.path, name)
    await writeFile(input, bytes)
    const { status, errors } = await npmStart(['--once', '--input', input])
    expect(errors).toMatch(/^[^\n]+\n$/)
    expect(errors).toContain(words)
    expect(status).toBe(1)
  },
  TIMEOUT_MS,
)
