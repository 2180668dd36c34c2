import type { SinkEvent, SinkStatus } from '../contracts/index.ts'
import { isSluiceError } from '../core/errors.ts'

/** The part of an OpenTelemetry `Meter` that is called here; `@opentelemetry/api` has it. */
export interface MeterLike {
  createCounter(name: string, options: InstrumentOptions): CounterLike
  createHistogram(name: string, options: InstrumentOptions): HistogramLike
  createObservableGauge(name: string, options: InstrumentOptions): ObservableGaugeLike
}

export interface InstrumentOptions {
  readonly unit: string
  readonly description: string
}

export type MetricAttributes = Record<string, string>

export interface CounterLike {
  add(value: number, attributes?: MetricAttributes): void
}

export interface HistogramLike {
  record(value: number, attributes?: MetricAttributes): void
}

export interface ObservableGaugeLike {
  addCallback(
    callback: (result: { observe(value: number, attributes?: MetricAttributes): void }) => void,
  ): void
}

/** A sink's events and state as OpenTelemetry metrics. */
export interface SinkMetrics {
  /** For `createSink({ onEvent })`. */
  readonly onEvent: (event: SinkEvent) => void
  /** Reads the sink's state whenever the meter is collected. Of one sink, and for as long as the meter lives. */
  watch(sink: { status(): SinkStatus }): void
}

/**
 * The instruments of one sink, all below `sluice.sink.`:
 *
 * | name | kind, unit | |
 * |---|---|---|
 * | `records` | counter, `{record}` | answered, by `outcome`: `accepted`, `rejected` |
 * | `duplicates` | counter, `{request}` | requests that had been kept before |
 * | `input` | counter, `By` | kept records, as JSON, about |
 * | `slow_downs` | counter, `{request}` | writes that were refused because the sink is full |
 * | `drifts` | counter, `{schema}` | new sets of columns |
 * | `sealed` | counter, `{file}` | by `reason` of the cut |
 * | `committed` | counter, `{file}` | |
 * | `committed.records` | counter, `{record}` | |
 * | `output` | counter, `By` | objects |
 * | `retries` | counter, `{attempt}` | failed attempts to make a file visible, by `error.type` |
 * | `orphan_uploads` | counter, `{upload}` | uploads that could not be aborted |
 * | `commit.duration` | histogram, `s` | from the arrival of a file's first record until it is visible |
 * | `lag` | gauge, `s` | age of the oldest record that is not visible |
 * | `pending` | gauge, `By` | what is not visible, as JSON, about |
 * | `files.open`, `files.sealed` | gauges, `{file}` | |
 *
 * `attributes` (such as the stream and the shard) are added to each; keys and partitions never are, since their number has no
 * bound. Dead letters count as records and files like any other, once they are sealed.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/general/metrics/
 */
export function sinkMetrics(meter: MeterLike, attributes: MetricAttributes = {}): SinkMetrics {
  const counter = (name: string, unit: string, description: string) => {
    const instrument = meter.createCounter(`sluice.sink.${name}`, { unit, description })
    return (value: number, more: MetricAttributes = {}): void => {
      if (value > 0) instrument.add(value, { ...attributes, ...more })
    }
  }
  const records = counter('records', '{record}', 'Records that were answered')
  const duplicates = counter('duplicates', '{request}', 'Requests that had been kept before')
  const input = counter('input', 'By', 'Size of the kept records, as JSON')
  const slowDowns = counter('slow_downs', '{request}', 'Writes refused because the sink is full')
  const drifts = counter('drifts', '{schema}', 'New sets of columns')
  const sealed = counter('sealed', '{file}', 'Files that were cut')
  const committed = counter('committed', '{file}', 'Files that became visible')
  const visible = counter('committed.records', '{record}', 'Records that became visible')
  const output = counter('output', 'By', 'Size of the objects that became visible')
  const retries = counter('retries', '{attempt}', 'Failed attempts to make a file visible')
  const orphans = counter('orphan_uploads', '{upload}', 'Uploads that could not be aborted')
  const duration = meter.createHistogram('sluice.sink.commit.duration', {
    unit: 's',
    description: 'From the arrival of a file’s first record until it is visible',
  })

  const tell: { [T in SinkEvent['type']]: (event: SinkEvent & { type: T }) => void } = {
    opened: () => {},
    appended(event) {
      if (event.duplicate) return duplicates(1)
      records(event.accepted, { outcome: 'accepted' })
      records(event.rejected, { outcome: 'rejected' })
      input(event.bytes)
    },
    drift: () => drifts(1),
    'slow-down': () => slowDowns(1),
    sealed: ({ reason }) => sealed(1, { reason }),
    failed: ({ error }) =>
      retries(1, { 'error.type': isSluiceError(error) ? error.code : error.name }),
    committed({ file, lagMs }) {
      committed(1)
      visible(file.records)
      output(file.bytes)
      duration.record(lagMs / 1000, attributes)
    },
    'upload-left': () => orphans(1),
  }
  return {
    onEvent: (event) => (tell[event.type] as (event: SinkEvent) => void)(event),
    watch(sink) {
      const gauge = (
        name: string,
        unit: string,
        description: string,
        of: (status: SinkStatus) => number,
      ): void =>
        meter
          .createObservableGauge(`sluice.sink.${name}`, { unit, description })
          .addCallback((result) => result.observe(of(sink.status()), attributes))
      gauge('lag', 's', 'Age of the oldest record that is not visible', ({ lagMs }) => lagMs / 1000)
      gauge(
        'pending',
        'By',
        'Size of what is not visible, as JSON',
        (status) => status.pendingBytes,
      )
      gauge('files.open', '{file}', 'Files that still take records', (status) => status.openFiles)
      gauge(
        'files.sealed',
        '{file}',
        'Files on their way to the store',
        (status) => status.sealedFiles,
      )
    },
  }
}
