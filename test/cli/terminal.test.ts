import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { CliIo } from '../../src/cli/io.ts'
import { bytesText } from '../../src/cli/progress.ts'
import { run } from '../../src/cli/run.ts'
import { noise, temporaryFolder } from './tools.ts'

/** A terminal, as far as a command can tell. */
function terminal(): { io: CliIo; out: () => string; err: () => string } {
  const screen = (): PassThrough & { isTTY: true; columns: number } =>
    Object.assign(new PassThrough({ highWaterMark: 1 << 20 }), {
      isTTY: true as const,
      columns: 60,
    })
  const stdout = screen()
  const stderr = screen()
  const stdin = new PassThrough()
  stdin.end()
  return {
    io: { stdin, stdout, stderr, env: {}, signal: new AbortController().signal },
    out: () => String(stdout.read() ?? ''),
    err: () => String(stderr.read() ?? ''),
  }
}

describe('on a terminal', () => {
  test('put shows how far it is', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'from'), noise(3 * 1024 * 1024))
    const { io, out, err } = terminal()
    expect(await run(['put', join(folder, 'from'), join(folder, 'to')], io)).toBe(0)
    expect(out()).toBe('')
    const shown = err()
    expect(shown).toMatch(/: 3\.00 MiB 100 %, .*\/s\n$/)
    for (const line of shown.split(/[\r\n]/)) {
      expect(line.replace('\u001b[K', '').length).toBeLessThan(60)
    }
  })

  test('head shows a table that fits', async () => {
    const folder = await temporaryFolder()
    const rows = [
      { id: 1, name: 'Ann', note: 'x'.repeat(100) },
      { id: 22, name: '\u001b[31mred\n', more: [1] },
    ]
    await writeFile(join(folder, 'rows.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'))
    const { io, out } = terminal()
    expect(await run(['head', join(folder, 'rows.jsonl')], io)).toBe(0)
    expect(out().split('\n')).toEqual([
      'id  name                 note',
      `1   Ann                  ${'x'.repeat(35)}`,
      '22  \\u001b[31mred\\u000a',
      '',
    ])
  })

  test('an error is said below what was drawn', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'bad.csv'), 'a,b\n1\n')
    const { io, err } = terminal()
    const args = ['put', join(folder, 'bad.csv'), join(folder, 'out'), '--format', 'csv']
    expect(await run(args, io)).toBe(1)
    expect(err()).toMatch(/(^|\n)sluice: invalid-record: [^\n]*\n$/)
  })
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.00 KiB'],
  [10_235, '10.0 KiB'],
  [1_048_000, '1023 KiB'],
  [1_048_576, '1.00 MiB'],
  [5 * 1024 ** 4, '5.00 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text)
})
