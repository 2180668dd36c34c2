import type { Row, Rows, Schema } from '../../contracts/index.ts'
import { guidedInferrer } from '../../core/schemas/guided-inferrer.ts'
import { schemaInferrer } from '../../core/schemas/schema-inferrer.ts'
import type { Publication } from './publication.ts'

/** The columns of all of these rows. */
export async function inferredSchema(
  batches: AsyncIterable<Rows<never>>,
  { format: { inference }, guide }: Pick<Publication, 'format' | 'guide'>,
): Promise<Schema> {
  const inferrer = guide ? guidedInferrer(guide, inference) : schemaInferrer(inference)
  for await (const rows of batches) inferrer.add(rows as Rows<Row>)
  return inferrer.schema()
}
