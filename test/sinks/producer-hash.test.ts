import { expect, test } from 'vitest'
import type { Refused, Row } from '../../src/contracts/index.ts'
import { producerStep } from '../../src/sinks/intake/batch.ts'

type Request = { readonly rows: readonly Row[]; readonly refused?: readonly Refused[] }

const unread = (index: number, raw: string): Refused => ({
  index,
  raw,
  code: 'invalid-record',
  path: '',
  message: 'no JSON',
})

async function hashOf({ rows, refused = [] }: Request): Promise<string> {
  return (await producerStep({ id: 'p', epoch: 0, seq: 0 }, rows, refused)).hash
}

/** No two of these are the same records. */
const DIFFERENT: readonly Request[] = [
  ...[
    null,
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    0,
    -0,
    0n,
    '0',
    [],
    [undefined],
    {},
  ].map((v) => ({ rows: [{ v }] })),
  ...[new Date(0), new Date(0).toISOString(), new Date(Number.NaN)].map((v) => ({ rows: [{ v }] })),
  ...[new Uint8Array([1]), { 0: 1 }, [1], 1].map((v) => ({ rows: [{ v }] })),
  ...[
    new Map(),
    new Map([['k', 'ONE']]),
    new Map([['k', 'TWO']]),
    new Map([['k', { a: 'ONE' }]]),
    new Set(['a']),
    new Set(['b']),
    new Float64Array([1]),
    new ArrayBuffer(2),
  ].map((v) => ({ rows: [{ v }] })),
  ...[1, 2].map((leaf) => ({
    rows: [{ v: [[[[[[[[[[[[[[[[[[leaf]]]]]]]]]]]]]]]]]], f: () => 1 }],
  })),
  { rows: [{}] },
  { rows: [] },
  { rows: [{}, {}] },
  { rows: [{ a: 1 }, { b: 2 }] },
  { rows: [{ b: 2 }, { a: 1 }] },
  // Texts that end where another part might begin.
  { rows: [{ a: 1 }], refused: [unread(1, '{"b":2}')] },
  { rows: [{ a: 1 }], refused: [unread(0, '{"b":2}')] },
  { rows: [], refused: [unread(0, 'x\n1 y')] },
  { rows: [], refused: [unread(0, 'x'), unread(1, 'y')] },
  { rows: [], refused: [unread(0, 'x\n{"a":1}')] },
  { rows: [{ a: 1 }], refused: [unread(0, 'x')] },
  { rows: [], refused: [{ ...unread(0, 'x'), exact: null }] },
  { rows: [], refused: [{ ...unread(0, 'x'), exact: '{}' }] },
  { rows: [], refused: [unread(0, '\ud800')] },
  { rows: [], refused: [unread(0, '\udfff')] },
  // What is no record is rejected, and part of the request all the same.
  { rows: [[0, 'x']] as unknown as Row[] },
  { rows: ['![0,"x"]'] as unknown as Row[] },
  { rows: [{ f: () => 1 }] },
  { rows: [{ f: '[function]' }] },
  { rows: [null] as unknown as Row[] },
  { rows: [undefined] as unknown as Row[] },
]

test('different requests have different hashes', async () => {
  const hashes = await Promise.all(DIFFERENT.map(hashOf))
  const same = hashes.flatMap((hash, i) => {
    const first = hashes.indexOf(hash)
    return first < i ? [[DIFFERENT[first], DIFFERENT[i]]] : []
  })
  expect(same).toEqual([])
})

test('the same request has the same hash', async () => {
  const request = () => ({
    rows: [{ at: new Date(5), n: 10n, deep: { list: [Number.NaN] } }],
    refused: [unread(1, 'x')],
  })
  expect(await hashOf(request())).toBe(await hashOf(request()))
})
