import type { Row } from './format.ts'

/**
 * Rows in their order: an array of them, or something that takes less memory and makes them anew, equal, each time that it is gone through,
 * for as long as whoever gave it says. Whoever takes them writes to none.
 */
export interface Rows<R = Row> extends Iterable<R> {
  readonly length: number
  /** As of an array, of places from 0 on. */
  slice(begin?: number, end?: number): Rows<R>
  /** Gives their memory back now, where they have some that a collector would come to late. For whoever has them last: they hold nothing afterwards. */
  free?(): void
}
