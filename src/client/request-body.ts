import type { Refused } from '../contracts/index.ts'
import { boundRefused } from '../core/bound-refused.ts'
import { utf8Length } from '../core/bytes.ts'
import { jsonProblem, jsonText, refuseRecord } from '../core/json.ts'
import { rawText } from '../core/raw-text.ts'

/**
 * NDJSON in which a line may also be a record that was refused before it became a row, as
 * `[code, path, message, raw]`, with `exact` behind it where it has one. A record is never an array, so the two cannot be confused.
 */
export const RECORDS_TYPE = 'application/vnd.sluice.records'

/** One request's worth of lines. */
export interface Body {
  readonly text: string
  readonly records: number
}

/** A line for every place of a write: the rows fill the places that the refused records leave. */
export function linesOf(
  rows: Iterable<object>,
  refused: readonly Refused[],
  maxLineBytes: number,
): string[] {
  const byIndex = new Map(refused.map((one) => [one.index, one]))
  const lines: string[] = []
  const takeRefused = (): void => {
    for (let one = byIndex.get(lines.length); one; one = byIndex.get(lines.length)) {
      byIndex.delete(lines.length)
      lines.push(refusedLine(one))
    }
  }
  for (const row of rows) {
    takeRefused()
    lines.push(rowLine(row, maxLineBytes))
  }
  takeRefused()
  // Those whose index lies behind the end.
  for (const one of byIndex.values()) lines.push(refusedLine(one))
  return lines
}

function rowLine(row: object, maxLineBytes: number): string {
  const problem = jsonProblem(row)
  if (problem) {
    const { path, message } = problem
    return refusedLine({ ...refuseRecord(path, message), raw: rawText(row), exact: null })
  }
  const line = jsonText(row)
  // A list would be read as a record that was refused.
  if (!line.startsWith('{')) {
    return refusedLine({ ...refuseRecord('', 'is not an object'), raw: line })
  }
  // A UTF-16 unit has at most three bytes of UTF-8.
  if (line.length * 3 <= maxLineBytes || utf8Length(line) <= maxLineBytes) return line
  const message = `The record has more than ${maxLineBytes} bytes`
  return refusedLine({ code: 'too-large', path: '', message, raw: line })
}

function refusedLine(refused: Omit<Refused, 'index'>): string {
  const { code, path, message, raw, exact } = boundRefused(refused)
  return JSON.stringify([code, path, message, raw, ...(exact === undefined ? [] : [exact])])
}

/** The lines in as few bodies as the two limits allow. */
export function* bodiesOf(
  lines: readonly string[],
  maxBytes: number,
  maxRecords: number,
): Generator<Body, void, undefined> {
  let from = 0
  let bytes = 0
  for (const [index, line] of lines.entries()) {
    const lineBytes = utf8Length(line) + 1
    if (index > from && (bytes + lineBytes > maxBytes || index - from >= maxRecords)) {
      yield bodyOf(lines.slice(from, index))
      from = index
      bytes = 0
    }
    bytes += lineBytes
  }
  if (from < lines.length) yield bodyOf(lines.slice(from))
}

function bodyOf(lines: readonly string[]): Body {
  return { text: `${lines.join('\n')}\n`, records: lines.length }
}
