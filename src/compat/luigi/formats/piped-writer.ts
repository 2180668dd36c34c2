import type { Source } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import type { ObjectWritten } from '../../../core/parts-writer.ts'
import { iterate } from '../../../core/reading.ts'
import { disposeWriter } from '../../../core/streams.ts'
import type { FormatValue, TargetWriter } from './target-format.ts'

/**
 * A writer that passes on what `encode` makes of each value, and what `finish` has left in the end. When one of them fails, `target` is
 * aborted, so that nothing becomes visible, and each further call rejects with the same error.
 */
export function pipedWriter<Value, Stored extends FormatValue>(
  target: TargetWriter<Stored>,
  encode: (value: Value) => Source<Stored>,
  finish: () => Source<Stored> = () => [],
): TargetWriter<Value> {
  let failed: { readonly error: unknown } | undefined
  let closing: Promise<ObjectWritten> | undefined
  let aborting: Promise<void> | undefined

  let passing: Promise<void> = Promise.resolve()

  /** One after another, also for callers that do not wait: a compressor's pieces of two values would mix. */
  function pass(make: () => Source<Stored>): Promise<void> {
    const passed = passing.then(() => passNow(make))
    passing = passed.catch(() => {})
    return passed
  }

  async function passNow(make: () => Source<Stored>): Promise<void> {
    if (failed) throw failed.error
    try {
      for await (const piece of iterate(make())) await target.write(piece)
    } catch (error) {
      failed ??= { error }
      await target.abort(error)
      throw failed.error
    }
  }

  const writer: TargetWriter<Value> = {
    async write(value) {
      if (closing) throw new SluiceError('invalid-options', 'write() after close()')
      await pass(() => encode(value))
    },
    close() {
      closing ??= pass(finish).then(() => target.close())
      return closing
    },
    async abort(reason) {
      aborting ??= target.abort(reason)
      await aborting
    },
    async [Symbol.asyncDispose]() {
      if (closing || aborting) await Promise.allSettled([closing, aborting])
      else await disposeWriter(writer)
    },
  }
  return writer
}
