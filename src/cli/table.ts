import type { Row } from '../contracts/index.ts'
import { jsonText } from '../core/json.ts'
import { oneLine } from './io.ts'

/** A wider column would push all others off the terminal. */
const MAX_CELL = 40

/** Records as a table for people: a column for each key, cut where the terminal ends. */
export function table(rows: readonly Row[], columns: number): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const lines = [names.map(shortened), ...rows.map((row) => names.map((name) => cell(row[name])))]
  const widths = names.map((_, place) =>
    lines.reduce((widest, line) => Math.max(widest, widthOf(line[place] ?? '')), 0),
  )
  return lines
    .map((line) => {
      const text = line.map(
        (value, place) => value + ' '.repeat((widths[place] ?? 0) - widthOf(value)),
      )
      return `${[...text.join('  ')].slice(0, columns).join('').trimEnd()}\n`
    })
    .join('')
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  return shortened(typeof value === 'string' ? value : jsonText(value))
}

function shortened(text: string): string {
  const characters = [...oneLine(text)]
  return characters.length > MAX_CELL
    ? `${characters.slice(0, MAX_CELL - 1).join('')}…`
    : characters.join('')
}

function widthOf(text: string): number {
  return [...text].length
}
