/** Columns from descriptions that others made: JSON Schema, and the validators that say it. */
export { type StandardJsonSchemaLike, schemaOf } from './schema-of.ts'
export { schemaOfJsonSchema } from './schema-of-json-schema.ts'
