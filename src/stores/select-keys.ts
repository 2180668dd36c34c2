import type { ListOptions, Prefix } from '../contracts/index.ts'
import { compareKeys } from '../core/keys.ts'

/**
 * What a listing shows of all keys: those it asks for, in the order of their UTF-8 bytes, folded at the delimiter. For
 * stores that have their keys at hand.
 */
export function* selectKeys(
  keys: Iterable<string>,
  { prefix = '', delimiter, startAfter = '' }: ListOptions,
): Generator<string | Prefix, void, undefined> {
  let folded: string | undefined
  for (const key of [...keys].sort(compareKeys)) {
    if (!key.startsWith(prefix)) continue
    if (folded !== undefined && key.startsWith(folded)) continue
    const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1
    folded = delimiter && end >= 0 ? key.slice(0, end + delimiter.length) : undefined
    if (compareKeys(folded ?? key, startAfter) <= 0) continue
    yield folded === undefined ? key : Object.freeze({ kind: 'prefix', prefix: folded })
  }
}
