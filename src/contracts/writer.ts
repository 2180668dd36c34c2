/**
 * Something that takes values in order and ends in a result, whole or not at all.
 *
 * Guaranteed: before `close()` was called nothing is visible; after `abort()` nothing ever is, unless `close()` had begun: what
 * is being completed cannot be called back, so `abort()` then waits for its end. `write` resolves when the writer can take more
 * (backpressure). Leaving an `await using` scope without `close()` aborts, because disposal cannot see whether the block
 * threw; it rejects with nothing that `close()` or `abort()` has told already.
 *
 * Not guaranteed: that `write` made anything durable.
 *
 * Errors: after a failure each further call rejects with the same error; `close()` and `abort()` settle once and
 * answer the same to every further call.
 */
export interface Writer<In, Out> extends AsyncDisposable {
  write(value: In): Promise<void>
  close(): Promise<Out>
  abort(reason?: unknown): Promise<void>
}
