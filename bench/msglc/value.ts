/** What is written, the same as python.py makes: records of some 62 KB, of texts, numbers, bytes and small maps. */
export interface Entry {
  readonly id: number
  readonly name: string
  readonly text: string
  readonly samples: readonly number[]
  readonly blob: Uint8Array
  readonly events: readonly { readonly at: number; readonly kind: string; readonly note: string }[]
}

export const RECORDS_PER_MB = 16
const TEXT = 20_000
const BLOB_BYTES = 32_768
const SAMPLES = 512
const EVENTS = 20
const NOTE = 200
const POOL = 2 ** 20

const poolBytes = letters()
const pool = new TextDecoder().decode(poolBytes)

/** Reads the same everywhere: a linear congruence of 31 bits. */
function letters(): Uint8Array {
  const bytes = new Uint8Array(POOL)
  let state = 1
  for (let at = 0; at < POOL; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    bytes[at] = 97 + ((state >> 16) % 26)
  }
  return bytes
}

export function record(id: number): Entry {
  const from = (id * 7919) % (POOL - BLOB_BYTES)
  const second = 1_700_000_000 + id
  return {
    id,
    name: `record ${id}`,
    text: pool.slice(from, from + TEXT),
    samples: Array.from({ length: SAMPLES }, (_, n) => id + n + 0.5),
    blob: poolBytes.subarray(from, from + BLOB_BYTES),
    events: Array.from({ length: EVENTS }, (_, n) => ({
      at: second + n,
      kind: 'reading',
      note: pool.slice(from + n, from + n + NOTE),
    })),
  }
}

/** Of a record's text in MessagePack: its letters are ASCII, and three bytes say how many there are. */
export const TEXT_BYTES: number = 3 + TEXT

/** Places of records, the same for all: every one once. */
export function someRecords(count: number, of: number): number[] {
  return Array.from({ length: count }, (_, n) => (n * 7919 + 13) % of)
}
