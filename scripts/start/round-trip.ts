import { httpSink } from 'sluice/client'
import type { FormatName } from './arguments.ts'
import { canonicalFor } from './canonical.ts'
import type { DataSet } from './data-sets.ts'
import type { LocalWorker } from './local-worker.ts'
import { readBack, type StoredFile } from './read-back.ts'
import { count, type Progress } from './report.ts'
import { type RejectedRecord, send } from './send.ts'
import { summarizeInput, takeOutRejected, verify } from './verify.ts'

/** What became of one data set. */
export interface RoundTrip {
  readonly dataSet: DataSet
  readonly recordsIn: number
  readonly recordsOut: number
  readonly files: readonly StoredFile[]
  readonly rejected: readonly RejectedRecord[]
  /** What is wrong, in words. */
  readonly problems: readonly string[]
}

export interface RoundTripOptions {
  readonly worker: Pick<LocalWorker, 'url' | 'token' | 'bucket'>
  readonly format: FormatName
  readonly progress: Pick<Progress, 'line' | 'update'>
}

/** A data set into the Worker over HTTP, out of its bucket again, and compared. */
export async function roundTrip(dataSet: DataSet, options: RoundTripOptions): Promise<RoundTrip> {
  const { worker, format, progress } = options
  const { stream, name } = dataSet
  const { url, token, bucket } = worker
  const canonical = canonicalFor(dataSet.kind, format)
  const input = await summarizeInput(dataSet, canonical)
  progress.line(`${name}: ${count(input.records)} records to send`)

  const except = await earlierFiles(dataSet, worker)
  const sent = await send(dataSet, {
    url,
    token,
    onProgress: (acknowledged) => progress.update(stream, acknowledged, input.records),
  })
  const acknowledged = sent.accepted + sent.rejected.length
  progress.line(`${name}: ${count(acknowledged)} records acknowledged and in visible files`)

  const stored = await readBack(bucket, stream, { canonical, except })
  progress.line(`${name}: ${count(stored.summary.records)} records read back from the bucket`)
  await takeOutRejected(input, dataSet, sent.rejected)
  return {
    dataSet,
    recordsIn: input.records,
    recordsOut: stored.summary.records,
    files: stored.files,
    rejected: sent.rejected,
    problems: verify(input, sent, stored),
  }
}

/** What earlier runs on the same state left, in the bucket or still in the log, which this one does not answer for. */
async function earlierFiles(
  { stream }: DataSet,
  { url, token, bucket }: RoundTripOptions['worker'],
): Promise<ReadonlySet<string>> {
  await using sink = httpSink({ url, token, stream })
  await sink.flush()
  return new Set((await bucket.list(`${stream}/`)).map(({ key }) => key))
}

/** The last line: counts, and whether every record that was sent has come back once. */
export function closingLine(trips: readonly RoundTrip[]): string {
  const sum = (of: (trip: RoundTrip) => number): number =>
    trips.reduce((total, trip) => total + of(trip), 0)
  const rejected = sum((trip) => trip.rejected.length)
  const parts = [
    `${sum((trip) => trip.recordsIn)} records in`,
    `${sum((trip) => trip.recordsOut)} records out`,
    ...(rejected > 0 ? [`${rejected} rejected`] : []),
    `${sum((trip) => trip.files.length)} files`,
    trips.every(({ problems }) => problems.length === 0) ? 'verified' : 'NOT verified',
  ]
  return parts.join(', ')
}

/** Whether every record that was sent has come back once. */
export function cameBack(trips: readonly RoundTrip[]): boolean {
  return trips.every(({ problems, rejected }) => problems.length === 0 && rejected.length === 0)
}
