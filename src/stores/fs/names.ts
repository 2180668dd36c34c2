import { cutUtf8 } from '../../core/bytes.ts'
import { PRIVATE_NAME } from './fs-like.ts'

/**
 * How a segment of a key is called on disk. Plain names stay as they are, so that `ls` shows what one expects; the
 * rest is told by `%`, which no plain name keeps:
 *
 * | segment | name |
 * |---|---|
 * | `%` and `\` in it | `%25`, `%5C` |
 * | `.sluice`, the store's own folder, in any case | `%2Esluice` |
 * | the empty one, as in `a//b` and `a/` | `%` |
 * | longer than 250 bytes | folders: `first 250…%~`, then `+next…` |
 * | an object `a` where `a` is a folder, and the other way round | `a%` |
 *
 * Each name stands for one segment: a name that `pathOfSegment` would not give is no object's.
 */
export function pathOfSegment(segment: string): readonly string[] {
  const name = encode(segment)
  const pieces = cutUtf8(name, MAX_PIECE_BYTES)
  const last = pieces.length - 1
  // The plus keeps a last piece from being `.` or `..`.
  return pieces.map((text, i) => `${i > 0 ? '+' : ''}${text}${i < last ? CONTINUES : ''}`)
}

/** The other name of the same segment, for when the first is taken by a folder, or by an object. */
export function otherPathOfSegment(segment: string): readonly string[] {
  const path = pathOfSegment(segment)
  return [...path.slice(0, -1), `${path.at(-1)}${OTHER}`]
}

/** Whether this folder holds the rest of long names, and no segment. */
export function continues(name: string): boolean {
  return name.endsWith(CONTINUES)
}

/** The segment that lies under this path, or `undefined` where the path is none of ours. */
export function segmentOfPath(path: readonly string[]): string | undefined {
  const joined = path
    .map((name, i) => (i > 0 ? name.slice(1) : name).slice(0, i < path.length - 1 ? -2 : undefined))
    .join('')
  const encoded = joined !== '%' && joined.endsWith(OTHER) ? joined.slice(0, -1) : joined
  const segment = decode(encoded)
  const isOurs = [pathOfSegment(segment), otherPathOfSegment(segment)].some(
    (own) => own.join('/') === path.join('/'),
  )
  return isOurs ? segment : undefined
}

/** A name has at most 255 bytes on every common file system; five are for the marks. */
const MAX_PIECE_BYTES = 250
const CONTINUES = '%~'
const OTHER = '%'

function encode(segment: string): string {
  if (segment === '') return '%'
  const escaped = segment.replaceAll('%', '%25').replaceAll('\\', '%5C')
  return escaped.toLowerCase() === PRIVATE_NAME ? `%2E${escaped.slice(1)}` : escaped
}

function decode(name: string): string {
  if (name === '%') return ''
  return name.replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
