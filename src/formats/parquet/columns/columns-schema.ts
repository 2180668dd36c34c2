import type { Field, Inference, Schema } from '../../../contracts/index.ts'
import { schemaInferrer } from '../../../core/schemas/schema-inferrer.ts'
import type { Columns } from './column-encoder.ts'
import { typeOfArray } from './kept-arrays.ts'

/** A typed array is of its kind and without nulls; any other column is what its values are, as rows would be. */
export function columnsSchema(columns: Columns, inference: Inference): Schema {
  return {
    fields: Object.entries(columns).map(([name, column]): Field => {
      const type = typeOfArray(column)
      if (type !== undefined) return { name, type, nullable: false }
      const inferrer = schemaInferrer(inference)
      inferrer.add(Array.from(column, (value) => ({ [name]: value })))
      const [field] = inferrer.schema().fields
      return field ?? { name, type: 'string', nullable: true }
    }),
  }
}
