import type { Row, Schema } from '../../../src/contracts/index.ts'

export const BATCH_RECORDS = 500

export const SCHEMA: Schema = {
  fields: [
    { name: 'n', type: 'int32', nullable: false },
    { name: 'kind', type: 'string', nullable: false },
    { name: 'text', type: 'string', nullable: true },
  ],
}

/** Whether the record of this number fits no column, and so becomes a dead letter. */
export function isBad(n: number): boolean {
  return n % 97 === 0
}

/** The records of a batch, the same each time that it is sent. Those of one kind are long: their files take several parts. */
export function batchOf(seq: number): Row[] {
  return Array.from({ length: BATCH_RECORDS }, (_, i) => {
    const n = seq * BATCH_RECORDS + i
    const kind = `kind-${n % 3}`
    if (isBad(n)) return { n: String(n), kind }
    return n % 3 === 0 ? { n, kind, text: longText(n) } : { n, kind }
  })
}

/** About 700 characters that compress badly. */
function longText(n: number): string {
  let text = ''
  for (let i = 1; i <= 100; i++) text += (Math.imul(n + i, 0x9e3779b1) >>> 0).toString(36)
  return text
}
