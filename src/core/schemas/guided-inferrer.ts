import type { Inference, Schema } from '../../contracts/index.ts'
import { type SchemaInferrer, schemaInferrer } from './schema-inferrer.ts'
import { valueFault } from './value-fault.ts'

/**
 * Infers where somebody has said what columns to expect. Each has the type that was said if all values fit it, else the inferred one, so
 * that no row is refused for what was only said; and it is there, and nullable, if that was said.
 */
export function guidedInferrer(said: Schema, inference?: Inference): SchemaInferrer {
  const inferrer = schemaInferrer(inference)
  const kept = new Map(said.fields.map(({ name, type }) => [name, type]))
  return {
    add(rows) {
      for (const row of rows) {
        inferrer.add([row])
        for (const [name, type] of kept) {
          const value = Object.hasOwn(row, name) ? row[name] : undefined
          if (value === null || value === undefined) continue
          if (valueFault(type, value)) kept.delete(name)
        }
      }
    },
    schema() {
      const { fields } = inferrer.schema()
      const declared = new Map(said.fields.map((field) => [field.name, field]))
      const found = fields.map(({ name, type, nullable }) => {
        const field = declared.get(name)
        declared.delete(name)
        return {
          name,
          type: kept.get(name) ?? type,
          nullable: nullable || (field?.nullable ?? false),
        }
      })
      const missing = Array.from(declared.values(), (field) => ({ ...field, nullable: true }))
      return { fields: [...found, ...missing] }
    },
  }
}
