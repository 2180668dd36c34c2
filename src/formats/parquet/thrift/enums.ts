/**
 * The enums of parquet.thrift, by the names that it gives them, in lower case.
 *
 * @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
export const PHYSICAL_TYPES = {
  boolean: 0,
  int32: 1,
  int64: 2,
  float: 4,
  double: 5,
  byte_array: 6,
  fixed_len_byte_array: 7,
} as const

export const CONVERTED_TYPES = {
  utf8: 0,
  map: 1,
  list: 3,
  enum: 4,
  decimal: 5,
  date: 6,
  time_millis: 7,
  time_micros: 8,
  timestamp_millis: 9,
  timestamp_micros: 10,
  uint_8: 11,
  uint_16: 12,
  uint_32: 13,
  uint_64: 14,
  int_8: 15,
  int_16: 16,
  int_32: 17,
  int_64: 18,
  json: 19,
} as const

export const REPETITIONS = { required: 0, optional: 1, repeated: 2 } as const

export const ENCODINGS = {
  plain: 0,
  rle: 3,
  delta_binary_packed: 5,
  delta_length_byte_array: 6,
  delta_byte_array: 7,
  rle_dictionary: 8,
  byte_stream_split: 9,
} as const

export const CODECS = {
  none: 0,
  snappy: 1,
  gzip: 2,
  brotli: 4,
  zstd: 6,
  lz4_raw: 7,
} as const

export const PAGE_TYPES = { data_page: 0, dictionary_page: 2 } as const

export const BOUNDARY_ORDERS = { unordered: 0, ascending: 1, descending: 2 } as const

export type PhysicalType = keyof typeof PHYSICAL_TYPES
export type ConvertedType = keyof typeof CONVERTED_TYPES
export type Repetition = keyof typeof REPETITIONS
/** What pages hold, as parquet.thrift names it. */
export type PageEncoding = keyof typeof ENCODINGS
export type CodecName = keyof typeof CODECS
export type PageType = keyof typeof PAGE_TYPES
export type BoundaryOrder = keyof typeof BOUNDARY_ORDERS
