import type { Chunk, Encoder, Format, Row } from '../../contracts/index.ts'
import { utf8 } from '../../core/bytes.ts'
import { approximateBytes } from '../../core/sizes.ts'

/** Stands for each row of a group in the line before it, which is no record. */
export const GROUP = '#'

/** A format of lines whose rows are gathered into groups first, as those of columns are: so all bytes of a group depend on where it was paused. */
export function gathered(format: Format, groupRows: number): Format {
  return { ...format, encoder: (options) => gatheredEncoder(format.encoder(options), groupRows) }
}

function gatheredEncoder(inner: Encoder, groupRows: number): Encoder {
  let rows: Row[] = []
  let groupBytes = 0

  async function give(): Promise<Chunk[]> {
    if (rows.length === 0) return []
    const begin = utf8(`${GROUP.repeat(rows.length)}\n`)
    const chunks = [begin, ...(await inner.write(rows))]
    rows = []
    groupBytes += begin.byteLength
    return chunks
  }

  return {
    get bufferedBytes() {
      return approximateBytes(rows)
    },
    headBytes: 0,
    async write(more) {
      const chunks: Chunk[] = []
      for (const row of more) {
        if (rows.push(row) === groupRows) chunks.push(...(await give()))
      }
      return chunks
    },
    pause: give,
    async close() {
      const chunks = await give()
      return { chunks: [...chunks, ...(await inner.close()).chunks] }
    },
    checkpoint() {
      const place = inner.checkpoint?.()
      return place && { ...place, bytes: place.bytes + groupBytes }
    },
  }
}
