import type { FieldType, Row, Schema } from '../contracts/index.ts'
import { type SchemaInferrer, schemaInferrer } from '../core/infer.ts'
import { textValue } from '../core/values.ts'
import { type FileLike, fileKind } from './records-of.ts'

/**
 * Finds the types of a file's columns from what `recordsOf` gives of it without a schema: of all records that it was
 * handed, so that each of them fits. A CSV column has the type that each of its texts is without loss, else `string`;
 * empty texts count as no value. Throws `not-supported` as `recordsOf` does.
 */
export function typesOf(file: Pick<FileLike, 'name' | 'type'>): SchemaInferrer {
  return fileKind(file) === 'csv' ? textInferrer() : schemaInferrer()
}

function textInferrer(): SchemaInferrer {
  const values = schemaInferrer()
  return {
    add(rows) {
      values.add(valueRows(rows))
    },
    schema: (): Schema => ({
      // Texts that disagree have still one type in common.
      fields: values.schema().fields.map((field) => ({ ...field, type: textType(field.type) })),
    }),
  }
}

function* valueRows(rows: Iterable<Row>): Generator<Row, void, undefined> {
  for (const row of rows) {
    const entries = Object.entries(row).map(([name, text]) => [
      name,
      typeof text === 'string' ? textValue(text) : text,
    ])
    yield Object.fromEntries(entries)
  }
}

function textType(type: FieldType): FieldType {
  return type === 'json' ? 'string' : type
}
