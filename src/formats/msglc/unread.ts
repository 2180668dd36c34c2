/**
 * A value that lies in a file and is read as far as it is asked for. What it is must be waited for, so it is no value within others,
 * though it can be iterated: a map would become a list of pairs.
 */
export abstract class Unread implements AsyncIterable<unknown> {
  /** The same, and read where its file knows no more of it: what it is asked then is not read again. */
  abstract opened(): Promise<Unread>
  abstract kind(): Promise<'list' | 'map' | 'value'>
  abstract length(): Promise<number>
  abstract toObject(): Promise<unknown>
  abstract [Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined>
}
