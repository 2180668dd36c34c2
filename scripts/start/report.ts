import { stdout } from 'node:process'
import type { StoredFile } from './read-back.ts'

const WIDTH = 30

/** What is going on, for people: a line that moves on a terminal, one line per stage in a pipe. */
export class Progress {
  readonly #isTerminal = stdout.isTTY === true

  /** How far the stage is. Shown on a terminal only. */
  update(stage: string, done: number, total: number): void {
    if (!this.#isTerminal) return
    const share = total === 0 ? 1 : Math.min(1, done / total)
    const bar = '█'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '░')
    stdout.write(`\r\x1b[2K${stage} ${bar} ${count(done)} of ${count(total)}`)
  }

  /** A stage is over, or something else is worth a line. */
  line(text: string): void {
    stdout.write(`${this.#isTerminal ? '\r\x1b[2K' : ''}${text}\n`)
  }
}

export function fileTable(files: readonly StoredFile[]): string {
  const rows = [
    ['file', 'records', 'bytes', 'of JSON'],
    ...files.map(({ key, records, bytes, jsonBytes }) => [
      key,
      count(records),
      count(bytes),
      jsonBytes === 0 ? '' : `${((100 * bytes) / jsonBytes).toFixed(1)} %`,
    ]),
  ]
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function count(value: number): string {
  return value.toLocaleString('en-US')
}
