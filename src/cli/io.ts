import type { Readable, Writable } from 'node:stream'
import type { Environment } from '../node/index.ts'

/** A standard stream to write to. The two fields are there when it is a terminal. */
export interface Output extends Writable {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** All that a command touches of the process that it runs in. */
export interface CliIo {
  readonly stdin: Readable
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Environment
  /** Fires when the user interrupts. */
  readonly signal: AbortSignal
}

/** Resolves when the stream has taken it, so that a slow reader slows us. Rejects with `EPIPE` when nobody reads. */
export function print(output: Output, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(data, (error) => (error ? reject(error) : resolve()))
  })
}

/** Whether the reader of our output went away, as `head` does in a pipe: no failure. */
export function isBrokenPipe(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'EPIPE'
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Text from elsewhere in one line that cannot move the cursor, end early or turn the direction of writing around. */
export function oneLine(text: string): string {
  return text.replace(
    CONTROL,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
