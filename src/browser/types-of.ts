import {
  type SchemaInferrer,
  schemaInferrer,
  textSchemaInferrer,
} from '../core/schemas/schema-inferrer.ts'
import { type FileLike, fileKind } from './records-of.ts'

/**
 * Finds the types of a file's columns from what `recordsOf` gives of it without a schema: of all records that it was
 * handed, so that each of them fits. A CSV column has the type that each of its texts is without loss, else `string`;
 * empty texts count as no value. Throws `not-supported` as `recordsOf` does.
 */
export function typesOf(file: Pick<FileLike, 'name' | 'type'>): SchemaInferrer {
  return fileKind(file) === 'csv' ? textSchemaInferrer() : schemaInferrer()
}
