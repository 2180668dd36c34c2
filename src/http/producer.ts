import type { SinkWriteOptions } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'

/** The headers that make a request repeatable: all three, or none. */
export const PRODUCER_HEADERS = {
  id: 'producer-id',
  epoch: 'producer-epoch',
  seq: 'producer-seq',
} as const

/** Throws `invalid-options` for an incomplete or malformed step: taken for no step, it would be kept twice. */
export function producerOf(headers: Headers): SinkWriteOptions['producer'] {
  const id = headers.get(PRODUCER_HEADERS.id)
  const epoch = headers.get(PRODUCER_HEADERS.epoch)
  const seq = headers.get(PRODUCER_HEADERS.seq)
  if (id === null && epoch === null && seq === null) return undefined
  if (id === null || !/^[\x21-\x7e]{1,128}$/.test(id) || !isCount(epoch) || !isCount(seq)) {
    throw new SluiceError(
      'invalid-options',
      'Producer-Id (1 to 128 visible ASCII characters), Producer-Epoch and Producer-Seq (whole numbers from 0) go together',
    )
  }
  return { id, epoch: Number(epoch), seq: Number(seq) }
}

function isCount(text: string | null): text is string {
  return text !== null && /^\d{1,15}$/.test(text)
}
