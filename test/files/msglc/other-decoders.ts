import { decodeMulti, ExtData, ExtensionCodec } from '@msgpack/msgpack'
import { decodeFirst } from 'cborg'
import type { CodecName } from '../../../src/formats/msglc/index.ts'

/** By decoders that share nothing with Sluice's: the values that lie in those bytes, one behind the other. Throws what theirs throw. */
export const decodersOfOthers: Readonly<Record<CodecName, (bytes: Uint8Array) => unknown[]>> = {
  msgpack: byMsgpack,
  cbor: byCborg,
}

const TIMESTAMP = -1
const extensions = new ExtensionCodec()
extensions.register({
  type: TIMESTAMP,
  encode: () => null,
  decode: (data) => new ExtData(TIMESTAMP, data),
})

function byMsgpack(bytes: Uint8Array): unknown[] {
  // It has objects only, whose keys stand for themselves here: 1 and '1' are two.
  const keys: unknown[] = []
  const mapKeyConverter = (key: unknown): string => `${keys.push(key) - 1}`
  const options = {
    useBigInt64: true,
    extensionCodec: extensions,
    keyDecoder: null,
    mapKeyConverter,
  }
  const ours = (value: unknown): unknown => {
    if (value instanceof ExtData) return { extension: value.type, bytes: value.data }
    return plain(value, ours, (map) =>
      Object.entries(map).map(([index, each]) => [keys[Number(index)], each]),
    )
  }
  return [...decodeMulti(bytes, options)].map(ours)
}

/** It knows no tags by itself. */
const tags = new Proxy([], {
  get: (_, name) => (decode: () => unknown) => tagged(exact(BigInt(String(name))), decode()),
})

class Tagged {
  readonly tag: unknown
  readonly value: unknown

  constructor(tag: unknown, value: unknown) {
    this.tag = tag
    this.value = value
  }
}

/** RFC 8949, 3.4.3: the tags 2 and 3 make bytes an integer. */
function tagged(tag: unknown, value: unknown): unknown {
  if (!(value instanceof Uint8Array) || (tag !== 2 && tag !== 3)) return new Tagged(tag, value)
  const magnitude = value.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  return tag === 2 ? magnitude : -1n - magnitude
}

function byCborg(bytes: Uint8Array): unknown[] {
  const values: unknown[] = []
  const ours = (value: unknown): unknown => {
    if (value instanceof Tagged) return { tag: value.tag, value: ours(value.value) }
    return plain(value, ours, (map) => [...(map as unknown as Map<unknown, unknown>)])
  }
  for (let rest = bytes; rest.byteLength > 0; ) {
    const [value, behind] = decodeFirst(rest, { useMaps: true, tags })
    values.push(ours(value))
    rest = behind
  }
  return values
}

/** As Sluice gives it: integers as numbers where those are exact, and maps as objects where all keys are texts. */
function plain(
  value: unknown,
  ours: (value: unknown) => unknown,
  entriesOf: (map: object) => [unknown, unknown][],
): unknown {
  if (typeof value === 'bigint') return exact(value)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(ours)
  const entries = entriesOf(value).map(([key, each]) => [ours(key), ours(each)] as const)
  const isText = entries.every(([key]) => typeof key === 'string')
  return isText ? Object.fromEntries(entries as [string, unknown][]) : new Map(entries)
}

function exact(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}
