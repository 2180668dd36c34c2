/**
 * The kernels of the Parquet encoder, in AssemblyScript (https://www.assemblyscript.org): pure functions over one memory, in which
 * the caller says by addresses where everything is. Nobody checks here: src/formats/parquet/kernels.ts does, before it calls.
 * Inputs may be read up to 16 bytes beyond their end, and outputs written up to 16 bytes beyond theirs.
 */
import { RESULT } from './result'

export { bloomBytes, bloomFixed, bloomFloats } from './bloom'
export {
  boundsBytes,
  boundsF16,
  boundsF32,
  boundsF64,
  boundsFixed,
  boundsI32,
  boundsI64,
  boundsU8,
  boundsU32,
  boundsU64,
} from './bounds'
export { crc32 } from './crc32'
export { delta32, delta64 } from './delta'
export { dictionary32, dictionary64, dictionaryBytes } from './dictionary'
export { hybrid8, hybrid32, packBooleans } from './hybrid'
export { evenOffsets, oneNaN32, oneNaN64, wholeNumbers } from './numbers'
export { pageEnd } from './pages'
export { snappy } from './snappy'
export { byteStreamSplit } from './split'
export { deltaBytes, deltaLength, plainBytes } from './strings'

/** Where what a kernel has to say besides its result is. */
export function resultAddress(): usize {
  return RESULT
}

/** Where the caller's memory begins: before it are tables. */
export function heapAddress(): usize {
  return __heap_base
}
