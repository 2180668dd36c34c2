import type { FieldType, Row, Schema } from '../../../src/contracts/index.ts'
import { lazyReader } from '../../../src/files/msglc/lazy-reader.ts'
import { build } from '../readers.ts'

/** The rows of a file, by Sluice's own reader: that Python reads the same is tested in python.test.ts. */
export async function msglcByLazyReader(file: Uint8Array, schema: Schema): Promise<Row[]> {
  const rows = await (await lazyReader<Row[]>(file)).toObject()
  return rows.map((row) =>
    build(schema, (name, place) => {
      const value = Object.hasOwn(row, name) ? row[name] : null
      return inType(value, schema.fields[place]?.type)
    }),
  )
}

/** The file knows integers, and not of how many bits. */
function inType(value: unknown, type: FieldType | undefined): unknown {
  return typeof value === 'number' && type === 'int64' ? BigInt(value) : value
}
