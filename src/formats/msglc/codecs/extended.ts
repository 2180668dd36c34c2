import type { Bytes } from '../../../contracts/index.ts'

/** A value of an application's own type, as MessagePack has them. Given as it is; never written. */
export interface ExtensionValue {
  /** From -128; those below 0 are MessagePack's own. */
  readonly extension: number
  readonly bytes: Bytes
}

/** A value to which CBOR's tag gives a meaning beyond its own (but for big integers, which are `bigint`s). Never written. */
export interface TaggedValue {
  /** @see https://www.iana.org/assignments/cbor-tags */
  readonly tag: number | bigint
  readonly value: unknown
}
