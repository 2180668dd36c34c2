import zlib from 'node:zlib'
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type Compressors,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet'
import type { Bytes, Row } from '../contracts/index.ts'
import { fromUtf8 } from '../core/bytes.ts'
import { asSluiceError, SluiceError } from '../core/errors.ts'
import { parseJson } from '../core/parse-json.ts'
import { type Address, addressText, type BucketOptions, openBucket } from './address.ts'
import { notFound } from './file-error.ts'
import type { CliIo } from './io.ts'
import { lz4Block } from './lz4-block.ts'
import { asStored, parquetTexts } from './parquet-texts.ts'

/** A Parquet file of which any range can be read. */
export type ParquetFile = AsyncBuffer

/** A file, or an object of which one version is read in ranges. */
export async function parquetFile(
  address: Address,
  io: CliIo,
  options: BucketOptions,
): Promise<ParquetFile> {
  if (address.kind === 'local') return asyncBufferFromFile(address.path)
  const store = openBucket(address, io, options)
  const { key } = address
  const { signal } = io
  const info = await store.head(key, { signal })
  if (!info) throw notFound(addressText(address))
  return {
    byteLength: info.sizeBytes,
    async slice(start, end) {
      const range = { start, end: end ?? info.sizeBytes }
      const found = await store.get(key, { range, ifMatch: info.etag, signal })
      if (!found) throw notFound(addressText(address))
      return exactBuffer(await found.bytes())
    },
  }
}

/** Bytes that are there already. */
export function bytesBuffer(bytes: Bytes): ParquetFile {
  return {
    byteLength: bytes.byteLength,
    slice: (start, end) => exactBuffer(bytes.subarray(start, end)),
  }
}

/** The first records, with values that JSON has a text for. Errors: `invalid-record` when it is no Parquet file. */
export async function parquetHead(file: ParquetFile, records: number): Promise<Row[]> {
  if (file.byteLength < MIN_FILE_BYTES) {
    throw new SluiceError(
      'invalid-record',
      `This is no Parquet file: it has ${file.byteLength} bytes, and the smallest has ${MIN_FILE_BYTES}`,
    )
  }
  try {
    const metadata = await parquetMetadataAsync(file)
    const rows = await parquetReadObjects({
      file,
      metadata: asStored(metadata),
      rowEnd: records,
      compressors: COMPRESSORS,
      // It takes bytes for text unless told otherwise, and rounds the integers of JSON.
      utf8: false,
      parsers: { jsonFromBytes: (bytes) => bytes && parseJson(fromUtf8(bytes)) },
    })
    return parquetTexts(metadata, rows)
  } catch (error) {
    throw asSluiceError(
      error,
      'invalid-record',
      `This is no Parquet file that can be read: ${error instanceof Error ? error.message : error}`,
    )
  }
}

/** `PAR1` at both ends, and the length of what lies between. hyparquet says of less that an offset is out of bounds. */
const MIN_FILE_BYTES = 12

function exactBuffer(bytes: Bytes): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
}

/** Snappy hyparquet unpacks itself. Zstandard came to Node with 22.15. */
const COMPRESSORS: Compressors = {
  GZIP: (input) => zlib.gunzipSync(input),
  BROTLI: (input) => zlib.brotliDecompressSync(input),
  ZSTD: (input) => {
    if (typeof zlib.zstdDecompressSync !== 'function') {
      throw new SluiceError('not-supported', 'Zstandard needs Node 22.15 or newer')
    }
    return zlib.zstdDecompressSync(input)
  },
  LZ4_RAW: lz4Block,
  LZ4: () => notRead('LZ4 in frames, which Parquet has given up'),
  LZO: () => notRead('LZO'),
}

function notRead(codec: string): never {
  throw new SluiceError(
    'not-supported',
    `Its pages are compressed by ${codec}, which is not read here`,
  )
}
