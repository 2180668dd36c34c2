import fc from 'fast-check'
import type { Field, FieldType } from '../../../../src/contracts/index.ts'
import type { EncodedRows } from './compare.ts'
import { encodingsOf, isReadByDuckdb, leaves } from './encodings.ts'
import { CODECS, type Encoding, type ParquetOptions } from './subject.ts'

/** Each member, or not: what shrinks away has no part in a failure. */
const SOMETIMES: { requiredKeys: never[]; noNullPrototype: true } = {
  requiredKeys: [],
  noNullPrototype: true,
}

type Leaf = readonly [path: string, type: FieldType]

/** Any options of the encoder for such columns, and who cannot read what they ask for: of one sample in four DuckDB is not asked. */
export function randomOptions(
  fields: readonly Field[],
): fc.Arbitrary<Pick<EncodedRows, 'options' | 'refusedBy'>> {
  const all = namedLeaves(fields)
  const read = optionsWith(all, (type) =>
    encodingsOf(type).filter((encoding) => isReadByDuckdb(type, encoding)),
  )
  const any = optionsWith(all, encodingsOf)
  return fc
    .oneof({ weight: 3, arbitrary: read }, { weight: 1, arbitrary: any })
    .map((options) => ({ options, refusedBy: refusedBy(all, options) }))
}

/** Those that a path names: of the columns `a.b` and `a`, which may have a field `b`, it is both. */
function namedLeaves(fields: readonly Field[]): readonly Leaf[] {
  const all = fields.flatMap(({ name, type }) => leaves(name, type))
  const count = (path: string): number => all.filter(([other]) => other === path).length
  return all.filter(([path]) => count(path) === 1)
}

function optionsWith(
  all: readonly Leaf[],
  encodings: (type: FieldType) => readonly Encoding[],
): fc.Arbitrary<ParquetOptions> {
  const column = ([path, type]: Leaf) =>
    fc.tuple(
      fc.constant(path),
      fc.record(
        { encoding: fc.constantFrom(...encodings(type)), bloomFilter: fc.boolean() },
        SOMETIMES,
      ),
    )
  const sortedBy = fc.subarray(all.map(([path]) => path)).chain((paths) => {
    const orders = fc.record({ descending: fc.boolean(), nullsFirst: fc.boolean() }, SOMETIMES)
    return fc.tuple(...paths.map((column) => orders.map((order) => ({ column, ...order }))))
  })
  const bytes = fc.oneof(
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 100 }) },
    { weight: 3, arbitrary: fc.integer({ min: 100, max: 4000 }) },
  )
  return fc
    .tuple(
      fc.constantFrom(...Object.values(CODECS)),
      fc.record(
        {
          rowGroupRows: fc.integer({ min: 1, max: 70 }),
          rowGroupBytes: bytes,
          pageBytes: bytes,
          columns: fc.tuple(...all.map(column)).map(Object.fromEntries),
          sortedBy,
        },
        SOMETIMES,
      ),
    )
    .map(([codec, options]) => ({ ...codec, ...options }))
}

function refusedBy(all: readonly Leaf[], { columns = {} }: ParquetOptions): readonly string[] {
  const isRead = all.every(([path, type]) => {
    const encoding = columns[path]?.encoding
    return encoding === undefined || isReadByDuckdb(type, encoding)
  })
  return isRead ? [] : ['DuckDB']
}
