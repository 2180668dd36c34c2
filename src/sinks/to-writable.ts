import type { Ack, Row, Sink } from '../contracts/index.ts'

export interface ToWritableOptions {
  /** Rows gathered into one `sink.write`, so one append to the log. Default 1,000. */
  readonly batchRows?: number | undefined
  /** Called with each batch's verdicts and receipt, and awaited. A throw breaks the pipe. */
  readonly onAck?: ((ack: Ack) => void | Promise<void>) | undefined
}

/**
 * A sink as the end of a pipe: `stream.pipeThrough(fromCsv()).pipeTo(toWritable(sink))`. Takes one row a time.
 *
 * The pipe's end closes the sink, so every row is in a visible file when `pipeTo` resolves; a pipe that breaks aborts it.
 * With `pipeTo(…, { preventClose: true })` the sink stays open, and rows of an unfinished batch wait for more: give
 * `batchRows: 1` then, or close. What the sink's `close()` answers is had from the sink: a stream closes with nothing.
 */
export function toWritable<R = Row>(
  sink: Sink<R>,
  options: ToWritableOptions = {},
): WritableStream<R> {
  const { batchRows = 1000, onAck } = options
  let batch: R[] = []
  const send = async (): Promise<void> => {
    const rows = batch
    batch = []
    const ack = await sink.write(rows)
    await onAck?.(ack)
  }
  /** A stream calls `abort` when its source breaks, and not when one of these throws. */
  const orAbort = async (run: () => Promise<unknown>): Promise<void> => {
    try {
      await run()
    } catch (error) {
      await sink.abort(error)
      throw error
    }
  }
  return new WritableStream<R>({
    async write(row) {
      batch.push(row)
      if (batch.length >= batchRows) await orAbort(send)
    },
    async close() {
      await orAbort(async () => {
        if (batch.length > 0) await send()
        await sink.close()
      })
    },
    async abort(reason) {
      await sink.abort(reason)
    },
  })
}
