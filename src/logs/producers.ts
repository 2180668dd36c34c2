import type { Appended, LaneRange, ProducerRun, ProducerStep } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { KEEP_ANSWERS, KEEP_ANSWERS_LENGTH } from './retention.ts'

/** What a log remembers of a producer: of its newest epoch the last requests, without a gap, and what each was answered. */
export interface ProducerWindow {
  readonly epoch: number
  /** Of the last request. */
  readonly seq: number
  /** The last request's is the last one. There is one at least. */
  readonly answers: readonly KeptAnswer[]
  readonly runs: RunRanges
}

/** What an epoch brought for runs: nothing, or the ranges of a `ProducerRun`. `undefined` when an earlier release has kept it. */
export type RunRanges = readonly [] | readonly [first: LaneRange, last: LaneRange] | undefined

export interface KeptAnswer {
  /** Of the request's records. */
  readonly hash: string
  /** Its ranges and rejections, as JSON: there may be many of them, and few are asked for again. */
  readonly text: string
}

/**
 * What this step was answered before, or `undefined` when it is the next one.
 *
 * Throws, with the `producerId`, `fenced` for an older epoch; with the `expectedSeq` too, none of them retryable, `conflict` for a
 * sequence that leaves a gap or repeats with other content, and `already-exists` for one whose answer is not remembered any more.
 */
export function earlierAnswer(
  step: ProducerStep,
  window: ProducerWindow | undefined,
): Appended | undefined {
  const { id: producerId, epoch, seq, hash } = step
  const who = `Producer "${producerId}"`
  if (window && epoch < window.epoch) {
    throw new SluiceError(
      'fenced',
      `${who} has moved on to epoch ${window.epoch}; epoch ${epoch} is over`,
      { producerId },
    )
  }
  const known = window?.epoch === epoch ? window : undefined
  const expectedSeq = known ? known.seq + 1 : 0
  if (seq === expectedSeq) return undefined
  const refusal = { retryable: false, producerId, expectedSeq }
  if (!known || seq > expectedSeq) {
    throw new SluiceError(
      'conflict',
      `${who} sent sequence ${seq} where ${expectedSeq} was expected`,
      refusal,
    )
  }
  const answer = known.answers.at(seq - expectedSeq)
  if (!answer) {
    throw new SluiceError(
      'already-exists',
      `${who} had sequence ${seq} kept before, too long ago to be answered again; its next one is ${expectedSeq}`,
      refusal,
    )
  }
  if (answer.hash !== hash) {
    throw new SluiceError(
      'conflict',
      `${who} sent sequence ${seq} again with other records`,
      refusal,
    )
  }
  return {
    ...(JSON.parse(answer.text) as Pick<Appended, 'ranges' | 'rejected'>),
    duplicate: true,
  }
}

/**
 * The window after a step that was the next one; `ofRun` is a range that it brought for a run. The oldest answers go where there are too
 * many, or where they are too long.
 */
export function withAnswer(
  window: ProducerWindow | undefined,
  { epoch, seq, hash }: Omit<ProducerStep, 'id'>,
  text: string,
  ofRun?: LaneRange,
): ProducerWindow {
  const known = window?.epoch === epoch ? window : undefined
  const earlier = known?.answers ?? []
  let first = Math.max(0, earlier.length + 1 - KEEP_ANSWERS)
  let length = earlier.slice(first).reduce((sum, one) => sum + one.text.length, 0)
  // The last one is kept whatever its length: of most producers it is the only one that is asked for.
  for (; length > KEEP_ANSWERS_LENGTH; first++) length -= earlier[first]?.text.length ?? 0
  const runs = runsWith(known ? known.runs : [], ofRun)
  return { epoch, seq, answers: [...earlier.slice(first), { hash, text }], runs }
}

function runsWith(runs: RunRanges, range: LaneRange | undefined): RunRanges {
  return runs && range ? [runs[0] ?? range, range] : runs
}

/** What a log's state says of a producer: nothing of one that brought nothing for runs. */
export function producerRuns(
  id: string,
  { epoch, runs }: Pick<ProducerWindow, 'epoch' | 'runs'>,
): readonly ProducerRun[] {
  return runs?.length === 0 ? [] : [{ id, epoch, ranges: runs }]
}
