import type { Row, Rows, Schema } from '../../contracts/index.ts'
import { isSluiceError } from '../../core/errors.ts'
import { guidedInferrer } from '../../core/schemas/guided-inferrer.ts'
import { schemaInferrer } from '../../core/schemas/schema-inferrer.ts'
import type { Publication } from './publication.ts'

/** The columns of all of these rows. */
export async function inferredSchema(
  batches: AsyncIterable<Rows<never>>,
  { format, guide }: Pick<Publication, 'format' | 'guide'>,
): Promise<Schema> {
  const { inference } = format
  const inferrer =
    guide && hasColumns(format, guide)
      ? guidedInferrer(guide, inference)
      : schemaInferrer(inference)
  for await (const rows of batches) inferrer.add(rows as Rows<Row>)
  return inferrer.schema()
}

/** What was only said is worth nothing to a format that has no such columns. */
function hasColumns(format: Publication['format'], said: Schema): boolean {
  try {
    format.checkColumns?.(said)
  } catch (error) {
    return !isSluiceError(error, 'not-supported')
  }
  return true
}
