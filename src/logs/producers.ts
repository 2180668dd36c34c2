import type { ProducerStep } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'

/**
 * Whether a producer's request is `new`, or a `duplicate` of the last one that was kept.
 *
 * Throws, with the `producerId`, `fenced` for an older epoch, and `conflict` (not retryable) for a sequence that leaves a
 * gap, repeats with other content, or lies before the last one, whose answer is no longer known.
 */
export function checkStep(step: ProducerStep, last: ProducerStep | undefined): 'new' | 'duplicate' {
  const who = `Producer "${step.id}"`
  if (last && step.epoch < last.epoch) {
    throw new SluiceError(
      'fenced',
      `${who} has moved on to epoch ${last.epoch}; epoch ${step.epoch} is over`,
      { producerId: step.id },
    )
  }
  const sameEpoch = last?.epoch === step.epoch
  if (sameEpoch && step.seq === last.seq) {
    if (step.hash === last.hash) return 'duplicate'
    throw conflict(step, `${who} sent sequence ${step.seq} again with other records`)
  }
  const expected = sameEpoch ? last.seq + 1 : 0
  if (step.seq !== expected) {
    throw conflict(step, `${who} sent sequence ${step.seq} where ${expected} was expected`)
  }
  return 'new'
}

function conflict({ id }: ProducerStep, message: string): SluiceError {
  return new SluiceError('conflict', message, { retryable: false, producerId: id })
}
