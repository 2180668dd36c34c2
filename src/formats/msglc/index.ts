/** `sluice/formats/msglc`: records, or any value, as a file from which single values can be read. */
export type { CodecName } from './codecs/codec.ts'
export type { ExtensionValue, TaggedValue } from './codecs/extended.ts'
export { encodeMsglc } from './encode.ts'
export { msglc } from './format.ts'
export type { MagicOptions } from './header.ts'
export { NumpyArray, type NumpyData, type NumpyType } from './numpy/numpy-array.ts'
export type { MsglcOptions } from './options.ts'
export { listOf, mapOf, Streamed } from './sources.ts'
