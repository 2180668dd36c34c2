import type { Chunk, Encoder, Row } from '../../../contracts/index.ts'

/** Rows are made when they are needed: all of a batch's at once would double it. */
const PIECE = 1000

/** All of the rows as one file. */
export async function encode(encoder: Encoder, rows: Iterable<Row>, type: string): Promise<Blob> {
  const chunks: Chunk[] = []
  let piece: Row[] = []
  for (const row of rows) {
    piece.push(row)
    if (piece.length < PIECE) continue
    chunks.push(...(await encoder.write(piece)))
    piece = []
  }
  chunks.push(...(await encoder.write(piece)))
  const { head, chunks: rest } = await encoder.close()
  return new Blob([...(head ? [head] : []), ...chunks, ...rest], { type })
}
