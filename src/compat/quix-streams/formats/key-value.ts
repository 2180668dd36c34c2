import { fromUtf8Strict, toBase64 } from '../../../core/bytes.ts'
import type { SinkItem } from '../sink-record.ts'

/** What goes to `_key`: bytes as the text that they are, or `{ base64 }` where they are none; everything else as it is. */
export function keyValue({ key }: SinkItem): unknown {
  if (!(key instanceof Uint8Array)) return key
  return fromUtf8Strict(key) ?? { base64: toBase64(key) }
}
