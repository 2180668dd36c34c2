import type { Field, FieldType, Schema } from 'sluice'

/** Rows to race with. No Node in here: Workers and pages make the same ones. */
export interface DataSet {
  readonly what: string
  readonly schema: Schema
  readonly rows: number
  /** The first `count` rows, the same ones each time. */
  readonly make: (count: number) => Row[] | Promise<Row[]>
}

export type Row = Readonly<Record<string, unknown>>

const BEGAN_MS = Date.UTC(2026, 0, 1)

/** A multiplicative hash: scattered, and cheap. */
function scatter(n: number): number {
  return Math.imul(n + 1, 0x9e3779b1) >>> 0
}

/** Digits that have nothing to do with those of the number before. */
function word(n: number): string {
  const first = scatter(scatter(n) ^ 0x5bd1e995)
  return first.toString(36) + scatter(first).toString(36)
}

function field(name: string, type: FieldType, nullable = false): Field {
  return { name, type, nullable }
}

const KINDS = Array.from({ length: 8 }, (_, n) => `kind-${n}`)
const USERS = Array.from({ length: 50_000 }, (_, n) => `u${n}`)
const PARTS = ['products', 'articles', 'images', 'accounts', 'search', 'downloads']

/** The table of the aim: 500,000 rows of 7 columns, some 66 MB as NDJSON. */
const flat: DataSet = {
  what: '500,000 rows of 7 columns: id, time, kind, user, amount, boolean, path',
  schema: {
    fields: [
      field('id', 'int32'),
      field('at', 'timestamp'),
      field('kind', 'string'),
      field('user', 'string'),
      field('amount', 'double'),
      field('paid', 'boolean'),
      field('path', 'string'),
    ],
  },
  rows: 500_000,
  make: (count) =>
    Array.from({ length: count }, (_, id) => {
      const n = scatter(id)
      return {
        id,
        at: new Date(BEGAN_MS + id * 37 + (n % 31)),
        kind: KINDS[n % 8],
        user: USERS[n % 50_000],
        amount: (scatter(n) % 100_000) / 100,
        paid: (n >>> 7) % 3 === 0,
        path: `/${PARTS[n % 6]}/${(n >>> 3) % 1000}/${scatter(n).toString(36)}`,
      }
    }),
}

const text: FieldType = 'string'
const item: FieldType = {
  kind: 'struct',
  fields: [field('sku', text), field('price', 'double'), field('quantity', 'int32')],
}

/** What a shop or a service writes: most of it texts that come once. */
const nested: DataSet = {
  what: '200,000 nested events with texts of high cardinality',
  schema: {
    fields: [
      field('id', text),
      field('at', 'timestamp'),
      field('session', text),
      field('url', text),
      field('referrer', text, true),
      field('user', {
        kind: 'struct',
        fields: [
          field('id', 'int32'),
          field('name', text),
          field('emails', { kind: 'list', element: { type: text, nullable: false } }),
        ],
      }),
      field('tags', { kind: 'list', element: { type: text, nullable: false } }),
      field('items', { kind: 'list', element: { type: item, nullable: false } }, true),
      field('attributes', {
        kind: 'map',
        key: text,
        value: { type: text, nullable: false },
      }),
    ],
  },
  rows: 200_000,
  make: (count) =>
    Array.from({ length: count }, (_, at) => {
      const n = scatter(at)
      const user = n % 30_000
      return {
        id: `${word(at)}-${word(n)}`,
        at: new Date(BEGAN_MS + at * 53),
        session: word(at >>> 3),
        url: `https://shop.example/${PARTS[n % 6]}/${word(at)}?from=${word(n)}`,
        referrer: n % 4 === 0 ? null : `https://search.example/?q=${word(n % 5000)}`,
        user: {
          id: user,
          name: `name ${word(user)}`,
          emails: Array.from({ length: n % 3 }, (_, k) => `${word(user + k)}@example.org`),
        },
        tags: Array.from({ length: (n >>> 4) % 4 }, (_, k) => `tag-${(n >>> k) % 40}`),
        items:
          n % 5 === 0
            ? null
            : Array.from({ length: (n >>> 6) % 4 }, (_, k) => ({
                sku: `sku-${word((n >>> k) % 20_000)}`,
                price: ((n >>> k) % 10_000) / 100,
                quantity: 1 + ((n >>> k) % 3),
              })),
        attributes: { campaign: `c-${n % 200}`, device: word(n % 900), trace: word(at + 7) },
      }
    }),
}

export const MADE_SETS: Readonly<Record<'a' | 'c', DataSet>> = { a: flat, c: nested }
