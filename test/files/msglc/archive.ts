import { concatBytes, ownBytes } from '../../../src/core/bytes.ts'
import { ByteWriter } from '../../../src/formats/msglc/codecs/byte-writer.ts'
import { codecOf, magicBytes, writeHeader } from '../../../src/formats/msglc/header.ts'
import type { CodecName, MagicOptions } from '../../../src/formats/msglc/index.ts'

/** Files as one, as the format says it: made by hand, to be read. */
export function archiveOf(
  files: readonly Uint8Array[] | Readonly<Record<string, Uint8Array>>,
  name: CodecName,
  { magic }: MagicOptions = {},
): Uint8Array<ArrayBuffer> {
  const codec = codecOf(name)
  const toc = new ByteWriter()
  codec.map(toc, 1)
  codec.scalar(toc, 't')
  const isList = Array.isArray(files)
  const entries = Object.entries(files as Record<string, Uint8Array>)
  codec[isList ? 'list' : 'map'](toc, entries.length)
  let start = 0
  for (const [key, { byteLength }] of entries) {
    if (!isList) codec.scalar(toc, key)
    codec.scalar(toc, start)
    start += byteLength
  }
  const payload = concatBytes(entries.map(([, file]) => ownBytes(file)))
  return fileOf(payload, toc.take(), name, { magic })
}

/** A file of those bytes, whatever they say. */
export function fileOf(
  payload: Uint8Array,
  table: Uint8Array,
  name: CodecName = 'msgpack',
  { magic }: MagicOptions = {},
): Uint8Array<ArrayBuffer> {
  const place = { tocStart: payload.byteLength, tocBytes: table.byteLength }
  const header = writeHeader({ codec: codecOf(name), ...place }, magicBytes(magic))
  return concatBytes([header, ownBytes(payload), ownBytes(table)])
}
