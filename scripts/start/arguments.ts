import { parseArgs } from 'node:util'

/** The formats that the sink can be told to write, and that the read-back can read. */
export const FORMATS = ['parquet', 'jsonl', 'csv'] as const
export type FormatName = (typeof FORMATS)[number]

export interface StartOptions {
  /** End after the read-back. */
  readonly once: boolean
  readonly format: FormatName
  /** The reader's own file instead of the data sets of vega-datasets. */
  readonly input: string | undefined
  /** 0 is any free one. */
  readonly port: number
  /** Where the Worker keeps its records and its bucket. `undefined` is a fresh folder, removed at the end. */
  readonly state: string | undefined
}

export const USAGE = `Usage: npm start -- [options]

Starts the Sluice Worker with a bucket of its own on this machine, streams data through it, reads every file back
from the bucket and compares it with what was sent.

  --once            end after the read-back; the exit status is 0 only if every record came back once
  --format NAME     ${FORMATS.join(', ')} (default: parquet)
  --input FILE      your own CSV, NDJSON or JSON array instead of the data sets of vega-datasets
  --port NUMBER     where the Worker listens on 127.0.0.1 (default: any free port)
  --state FOLDER    where the Worker keeps its state (default: a fresh folder, removed at the end)
  --help            this text`

/** Why the arguments cannot be used. The message is for whoever typed them. */
export class UsageError extends Error {}

/** What was asked for; `undefined` when that was `--help`. Throws `UsageError`. */
export function parseStartArguments(args: readonly string[]): StartOptions | undefined {
  const { once = false, format = 'parquet', input, port = '0', state, help } = parse(args)
  if (help) return undefined
  if (!isFormat(format)) {
    throw new UsageError(`--format is one of ${FORMATS.join(', ')}, not "${format}"`)
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`--port is a number up to 65535, not "${port}"`)
  }
  for (const [name, value] of Object.entries({ input, state })) {
    if (value === '') throw new UsageError(`--${name} needs a path`)
  }
  return { once, format, input, port: Number(port), state }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean' },
        format: { type: 'string' },
        input: { type: 'string' },
        port: { type: 'string' },
        state: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function isFormat(name: string): name is FormatName {
  return (FORMATS as readonly string[]).includes(name)
}
