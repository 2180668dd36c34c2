import type { Bytes, Row } from '../contracts/index.ts'
import { readLines } from '../core/lines.ts'
import { rowOfText, rowText } from '../core/row-text.ts'
import type { IngestRequest } from '../http/target.ts'

/**
 * A request on its way to its shard, a line for what is no row of it and one for each row. A stream, because the shard reads it
 * when its turn has come: as plain data it would be in the memory of the object as soon as it arrives, and so would all that
 * wait. Nor has a stream the limit of 32 MiB.
 */
export function requestStream({ rows, ...rest }: IngestRequest): ReadableStream<Bytes> {
  return new Blob([[rest, ...rows].map(rowText).join('\n')]).stream()
}

export async function readRequest(stream: ReadableStream<Bytes>): Promise<IngestRequest> {
  const lines: Row[] = []
  // The front has bounded the request.
  for await (const line of readLines(stream, { maxLineBytes: Number.POSITIVE_INFINITY })) {
    lines.push(rowOfText(line))
  }
  const [rest, ...rows] = lines
  return { ...(rest as unknown as Omit<IngestRequest, 'rows'>), rows }
}
