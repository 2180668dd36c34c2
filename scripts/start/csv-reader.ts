import { createReadStream } from 'node:fs'
import type { ReadRecord } from './canonical.ts'

/** What Sluice's inputs take unless told otherwise; a larger record is none. */
const MAX_RECORD_BYTES = 1024 * 1024

/**
 * The records of a CSV file of anybody's, every field as its text; `undefined` for each that is none. By RFC 4180 and
 * what `fromCsv` says of the rest: empty lines are passed over, and the reading goes on behind the first line of a record
 * that is too large or has a broken quote. DuckDB, which reads what Sluice writes, refuses such a file as a whole.
 *
 * A header that cannot be read ends it without a record: Sluice says what is wrong with it.
 */
export async function* readCsv(path: string): AsyncGenerator<ReadRecord | undefined> {
  const lines = new Ahead(linesOf(path))
  let names: readonly string[] | undefined
  for (;;) {
    const line = await lines.at(0)
    if (line === undefined) return
    if (line === '' || line === '\r') {
      lines.skip(1)
      continue
    }
    const found = await firstRecord(lines)
    lines.skip(found?.lines ?? 1)
    if (names) {
      const { fields = [] } = found ?? {}
      const isRecord = fields.length === names.length
      yield isRecord ? Object.fromEntries(names.map((name, i) => [name, fields[i]])) : undefined
    } else if (found) names = found.fields
    else return
  }
}

/** Lines without their `\n`, and without the file's byte order mark. Behind the last `\n` is a line too. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  let isFirst = true
  for await (const chunk of createReadStream(path, 'utf8')) {
    const text: string = isFirst && chunk.startsWith('\ufeff') ? chunk.slice(1) : chunk
    isFirst = false
    rest += text
    if (!text.includes('\n')) continue
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  yield rest
}

/** Lines that can be looked at before they are taken. */
class Ahead {
  readonly #source: AsyncGenerator<string>
  readonly #seen: string[] = []

  constructor(source: AsyncGenerator<string>) {
    this.#source = source
  }

  async at(index: number): Promise<string | undefined> {
    while (this.#seen.length <= index) {
      const { done, value } = await this.#source.next()
      if (done) return undefined
      this.#seen.push(value)
    }
    return this.#seen[index]
  }

  skip(lines: number): void {
    this.#seen.splice(0, lines)
  }
}

/** The record that the first line begins, and how many lines it takes; `undefined` when it cannot be read. */
async function firstRecord(
  ahead: Ahead,
): Promise<{ readonly fields: readonly string[]; readonly lines: number } | undefined> {
  const fields: string[] = []
  let line = (await ahead.at(0)) ?? ''
  let lines = 1
  let bytes = Buffer.byteLength(line.replace(/\r$/, ''))
  let at = 0
  while (bytes <= MAX_RECORD_BYTES) {
    if (line[at] !== '"') {
      const comma = line.indexOf(',', at)
      if (comma < 0) return { fields: [...fields, line.slice(at).replace(/\r$/, '')], lines }
      fields.push(line.slice(at, comma))
      at = comma + 1
      continue
    }
    let value = ''
    at++
    for (;;) {
      const quote = line.indexOf('"', at)
      if (quote >= 0) {
        value += line.slice(at, quote)
        at = quote + 1
        if (line[at] !== '"') break
        value += '"'
        at++
        continue
      }
      const next = await ahead.at(lines)
      // Nobody closes it.
      if (next === undefined || bytes > MAX_RECORD_BYTES) return undefined
      value += `${line.slice(at)}\n`
      line = next
      lines++
      bytes += Buffer.byteLength(line) + 1
      at = 0
    }
    fields.push(value)
    // Sluice lets white space behind a closing quote pass, a `\r` among it.
    const rest = line.slice(at).trimStart()
    if (rest === '') return { fields, lines }
    if (!rest.startsWith(',')) return undefined
    at = line.length - rest.length + 1
  }
  return undefined
}
