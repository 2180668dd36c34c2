import type { EncoderOptions } from '../../../contracts/index.ts'
import { rowOfText } from '../../../core/row-text.ts'
import { type Checkpoints, checkpoints } from '../../checkpoints.ts'
import { FILE_TYPES } from '../../file-types.ts'
import { identityOf, type Settings } from '../options.ts'
import type { FallbackState } from './encoder.ts'

/** The fallback's places in a file, and the one to go on from; apart from it, since a wrong one is refused before it is loaded. */
export function fallbackPlaces(
  settings: Settings,
  { schema, from }: EncoderOptions,
): { readonly places: Checkpoints; readonly begun: FallbackState | undefined } {
  const identity = { ...identityOf(settings), writer: 'hyparquet-writer' }
  const places = checkpoints(FILE_TYPES.parquet.extension, identity, schema)
  const begun = from && places.take(from, (state) => rowOfText(state) as unknown as FallbackState)
  return { places, begun }
}
