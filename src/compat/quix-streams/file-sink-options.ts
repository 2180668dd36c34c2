import type { Awaitable, Store } from '../../contracts/index.ts'
import type { Destination } from './destinations/destination.ts'
import type { BatchFormat } from './formats/batch-format.ts'
import type { FileLayout } from './layout.ts'

export interface FileSinkOptions {
  /** Where the folders of the topics lie. Default: the root of the destination. */
  readonly directory?: string | undefined
  /** `jsonFormat()`, `parquetFormat()`, one of one's own, or the name of one of the first two. Default `'json'`. */
  readonly format?: 'json' | 'parquet' | BatchFormat | undefined
  /** `s3Destination()`, or any store. */
  readonly destination: Destination | Store
  /**
   * `plain`: `{directory}/{topic}/{partition}/{19 digits}{extension}`. `quix`: the same with `_` for each character of the topic but
   * `a-z A-Z 0-9 . _` and the blank, as Quix Streams has it; topics that would so become one are refused, and files of
   * another one, by whichever sink, are `conflict`. Default `plain`.
   */
  readonly layout?: FileLayout | undefined
  /** Puts what comes into the last file of its partition. Default `false`: a file for each flush. */
  readonly append?: boolean | undefined
  /** See `fileSink`. Default `false`. */
  readonly exactlyOnce?: boolean | undefined
  /** How many bytes of messages, as JSON, about, may wait for a flush. Default 64 MiB. */
  readonly maxPendingBytes?: number | undefined
  /** Called when the destination was found to be there. What it throws is what `setup()` rejects with. */
  readonly onClientConnectSuccess?: (() => Awaitable<void>) | undefined
  /** Called with why it was not. When it returns, `setup()` resolves all the same. Default: throws it. */
  readonly onClientConnectFailure?: ((error: Error) => Awaitable<void>) | undefined
}
