import type { Awaitable } from '../../contracts/index.ts'
import type { CodecName } from './thrift/enums.ts'

/** How pages are compressed, other than by the encoder's own snappy. Stateless: pages of many files may be given in turns. */
export interface Compressor {
  readonly name: Exclude<CodecName, 'none'>
  /** What decides the bytes besides the name: a file that one level has begun is not gone on with by another. */
  readonly level?: number | undefined
  /** The whole page, as readers expect it, which is copied. `page` stays the caller's. The same page gives the same bytes. */
  compress(page: Uint8Array): Awaitable<Uint8Array>
}
