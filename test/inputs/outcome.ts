import fc from 'fast-check'
import type { Refused, Row, Source } from '../../src/contracts/index.ts'

/** All that an input gave: rows and refused records in the order in which they came, and the error that ended it. */
export interface Outcome {
  readonly rows: (Row | Refused)[]
  readonly error: Error | undefined
}

type Read = (source: Source<Uint8Array>, onReject: (refused: Refused) => void) => AsyncIterable<Row>

export async function outcome(read: Read, chunks: Uint8Array[]): Promise<Outcome> {
  const rows: (Row | Refused)[] = []
  try {
    for await (const row of read(chunks, (refused) => rows.push(refused))) rows.push(row)
  } catch (error) {
    return { rows, error: error as Error }
  }
  return { rows, error: undefined }
}

export function bytes(input: string | Uint8Array): Uint8Array {
  return typeof input === 'string' ? new TextEncoder().encode(input) : input
}

/** Sizes of chunks, used over and over. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 20 }), {
  minLength: 1,
  maxLength: 4,
})

/** The input in chunks of these sizes, each in a buffer that nobody else has. */
export function cut(input: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0, i = 0; at < input.byteLength; i++) {
    const end = at + (sizes[i % sizes.length] ?? 1)
    chunks.push(input.slice(at, end))
    at = end
  }
  return chunks
}
