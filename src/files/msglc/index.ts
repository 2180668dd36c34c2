/** `sluice/msglc`: msglc files in a store, written as they come and read as far as they are asked for. */
export type { CodecName } from '../../formats/msglc/codecs/codec.ts'
export type { ExtensionValue, TaggedValue } from '../../formats/msglc/codecs/extended.ts'
export type { MagicOptions } from '../../formats/msglc/header.ts'
export {
  NumpyArray,
  type NumpyData,
  type NumpyType,
} from '../../formats/msglc/numpy/numpy-array.ts'
export type { MsglcOptions } from '../../formats/msglc/options.ts'
export { listOf, mapOf, Streamed } from '../../formats/msglc/sources.ts'
export type { ArchiveFile } from './archive-entries.ts'
export type { ByteHandle } from './byte-handle.ts'
export {
  type AppendFilesOptions,
  type ArchiveStore,
  type ArchiveWritten,
  append,
  type LazyCombiner,
  type LazyCombinerOptions,
  lazyCombiner,
} from './lazy-combiner.ts'
export type { LazyNode } from './lazy-node.ts'
export { type LazyReader, type LazyReaderOptions, lazyReader } from './lazy-reader.ts'
export { type LazyWriter, type LazyWriterOptions, lazyWriter } from './lazy-writer.ts'
export type { Path, PathStep, Slice } from './path.ts'
export type { RangeOptions, ReadStatistics } from './range-reader.ts'
export type { RawFile } from './raw-file.ts'
export type { ValueAt } from './value-at.ts'
