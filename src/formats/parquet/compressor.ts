import type { Awaitable } from '../../contracts/index.ts'
import type { CodecName } from './thrift/enums.ts'

/** How pages are compressed, other than by the encoder's own snappy. Stateless: pages of many files may be given in turns. */
export interface Compressor {
  readonly name: Exclude<CodecName, 'none'>
  /** The whole page, as readers expect it. `page` stays the caller's. The same page gives the same bytes. */
  compress(page: Uint8Array): Awaitable<Uint8Array>
}
