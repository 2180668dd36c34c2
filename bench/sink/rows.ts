import type { Schema } from 'sluice'

/** A small event: 85 bytes as JSON. */
export interface Event {
  readonly id: number
  readonly kind: string
  readonly user: string
  readonly value: number
  readonly at: Date
}

export const SCHEMA: Schema = {
  fields: [
    { name: 'id', type: 'int32', nullable: false },
    { name: 'kind', type: 'string', nullable: false },
    { name: 'user', type: 'string', nullable: false },
    { name: 'value', type: 'double', nullable: false },
    { name: 'at', type: 'timestamp', nullable: false },
  ],
}

const BEGAN_MS = Date.UTC(2026, 0, 1)
const KINDS = Array.from({ length: 10 }, (_, n) => `kind-${n}`)
const USERS = Array.from({ length: 50_000 }, (_, n) => `user-${n}`)

/** Records `from` to `to`, the same ones each time. */
export function events(from: number, to: number): Event[] {
  const rows: Event[] = []
  for (let id = from; id < to; id++) {
    // A multiplicative hash: scattered, and cheap beside what is measured.
    const scattered = Math.imul(id, 0x9e3779b1) >>> 0
    rows.push({
      id,
      kind: KINDS[scattered % KINDS.length] as string,
      user: USERS[scattered % USERS.length] as string,
      value: scattered / 1000,
      at: new Date(BEGAN_MS + id * 7),
    })
  }
  return rows
}
