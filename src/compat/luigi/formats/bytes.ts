import type { Bytes } from '../../../contracts/index.ts'
import { SluiceError } from '../../../core/errors.ts'
import { pipedWriter } from './piped-writer.ts'
import type { TargetFormat } from './target-format.ts'

/** Bytes as they are: Luigi's `Nop`. */
export function bytes(): TargetFormat<Bytes> {
  return {
    input: 'bytes',
    output: 'bytes',
    pipeReader: (source) => source,
    pipeWriter: (target) => pipedWriter(target, (chunk: Bytes) => [checkedBytes(chunk)]),
  }
}

/** Throws `invalid-options` for what is not bytes. */
export function checkedBytes(chunk: unknown): Bytes {
  if (chunk instanceof Uint8Array) return chunk as Bytes
  const message = `This format takes bytes, and got ${typeof chunk}`
  throw new SluiceError('invalid-options', message)
}
