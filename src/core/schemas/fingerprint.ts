import type { Schema } from '../../contracts/index.ts'
import { utf8 } from '../bytes.ts'
import { sha256Hex } from '../hash.ts'
import { canonicalFields } from './canonical-type.ts'

/** 8 hex digits that stand for the schema: equal columns in the same order give the same ones, in every version. */
export async function fingerprint({ fields }: Schema): Promise<string> {
  const canonical = canonicalFields(fields).map(({ name, type, nullable }) => [
    name,
    type,
    nullable,
  ])
  return (await sha256Hex(utf8(JSON.stringify(canonical)))).slice(0, 8)
}
