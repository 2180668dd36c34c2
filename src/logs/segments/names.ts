/**
 * The names of a segment log's files. `epoch-N` says that an owner with this number was there: the highest one owns the log.
 * `segment-N-M` is the M-th segment of the owner N. Numbers never come again, so no two owners ever write to one file.
 */
export interface SegmentName {
  readonly epoch: number
  readonly number: number
}

const EPOCH = /^epoch-(\d{10})$/
const SEGMENT = /^segment-(\d{10})-(\d{10})$/

export function epochText(epoch: number): string {
  return `epoch-${digits(epoch)}`
}

export function segmentText({ epoch, number }: SegmentName): string {
  return `segment-${digits(epoch)}-${digits(number)}`
}

/** The epochs among the names. */
export function epochsIn(names: readonly string[]): number[] {
  return names.flatMap((name) => EPOCH.exec(name)?.[1] ?? []).map(Number)
}

/** The segments among the names, newest first. */
export function segmentsIn(names: readonly string[]): SegmentName[] {
  return names
    .flatMap((name) => {
      const [, epoch, number] = SEGMENT.exec(name) ?? []
      return epoch === undefined ? [] : [{ epoch: Number(epoch), number: Number(number) }]
    })
    .sort((a, b) => b.epoch - a.epoch || b.number - a.number)
}

function digits(number: number): string {
  return String(number).padStart(10, '0')
}
