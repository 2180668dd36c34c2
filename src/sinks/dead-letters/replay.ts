import type {
  Ack,
  Awaitable,
  CallOptions,
  DeadLetter,
  Receipt,
  Refused,
  Sink,
  Store,
} from '../../contracts/index.ts'
import { utf8 } from '../../core/bytes.ts'
import { isSluiceError, type SluiceError } from '../../core/errors.ts'
import { sha256Hex } from '../../core/hash.ts'
import { parseJson } from '../../core/parse-json.ts'
import { rowOfText } from '../../core/row-text.ts'
import { checkWord } from '../check-word.ts'
import { REJECTED_PARTITION } from './lane.ts'
import { readLetters } from './read-letters.ts'
import { asideKey, isAside, setAside } from './set-aside.ts'

export interface ReplayOptions extends CallOptions {
  readonly store: Store
  readonly stream: string
  /**
   * Takes the records. With the stream's own durable log, nothing is kept twice, wherever a replay is cut off. Not one that writes a
   * `run`, whose records become visible at its end only.
   */
  readonly sink: Pick<Sink<never>, 'write' | 'flush'>
  /**
   * The record that is to be written for a letter; `undefined` leaves it a dead letter. The same for the same letter each time that it is
   * asked. Default: the record as it came, which is what `raw` says as JSON, or else `exact`; `undefined` where the letter has not all of it, and where it was
   * no record.
   */
  readonly repair?: ((letter: DeadLetter) => Awaitable<object | undefined>) | undefined
}

export interface Replayed {
  /** Files that were set aside. */
  readonly files: number
  /** Records that the sink took. */
  readonly records: number
  /** Letters that are dead letters again: left by `repair`, or refused by the sink once more. */
  readonly rejected: number
  /** Files of which no letter has a record: they stay as they are. */
  readonly left: number
  /** Files that hold something else than dead letters. They stay as well. */
  readonly failed: readonly { readonly key: string; readonly error: SluiceError }[]
  /** There are more files: call again. */
  readonly more: boolean
}

/** Of one call, so that what it holds is bounded. Files that come meanwhile, with what is refused again, are the next one's. */
const MAX_FILES = 10_000

/** The sink is flushed after so many: after each, there would be a small file for each. */
const FILES_AT_ONCE = 50

/**
 * Gives the records of a stream's dead letters to its sink again, file by file. A file whose records are all in visible files is set aside,
 * below `{stream}/_replayed/`, where an audit still counts it. What is refused again, or left by `repair`, goes to a new dead-letter
 * file, in the same append as the rest.
 *
 * Guaranteed with a durable log: each letter is given once, however often this is cut off and called again with the same `repair` within
 * the 7 days for which a log knows a producer. With another one, a file that was given in part is refused with `conflict`, and not
 * written twice. Memory is bounded: a batch of letters at a time.
 *
 * Not guaranteed: order among the records. In a memory log, and after those days, a replay that was cut off may have written records that
 * the next one writes again.
 *
 * Errors: `conflict`; what `repair` throws; the sink's and the store's. Nothing is lost by any of them.
 */
export async function replayDeadLetters(options: ReplayOptions): Promise<Replayed> {
  const { store, stream, signal } = options
  checkWord('stream', stream)
  const keys = await filesToReplay(options)
  const result = { files: 0, records: 0, rejected: 0, left: 0 }
  const failed: { key: string; error: SluiceError }[] = []
  for (let at = 0; at < Math.min(keys.length, MAX_FILES); at += FILES_AT_ONCE) {
    const given: string[] = []
    const receipts: Receipt[] = []
    for (const key of keys.slice(at, Math.min(at + FILES_AT_ONCE, MAX_FILES))) {
      const verdict = await verdictOn(key, options)
      if (verdict === 'left') result.left++
      else if (typeof verdict === 'object') failed.push({ key, error: verdict })
      if (verdict !== 'records') continue
      // Copied by a replay that ended before it could delete the file: its records are visible.
      if (!(await isAside(store, key, asideKey(stream, key), { signal }))) {
        for await (const ack of give(key, options)) {
          result.records += ack.accepted
          result.rejected += ack.rejected.length
          receipts.push(ack.receipt)
        }
      }
      given.push(key)
    }
    if (receipts.length > 0) await options.sink.flush({ signal })
    for (const receipt of receipts) await receipt.committed({ signal })
    for (const key of given) await setAside(store, key, asideKey(stream, key), { signal })
    result.files += given.length
  }
  return { ...result, failed, more: keys.length > MAX_FILES }
}

/** One more than a call takes, where there are. Dead letters are listed, also on a stream with a manifest. */
async function filesToReplay({ store, stream, signal }: ReplayOptions): Promise<string[]> {
  const keys: string[] = []
  const prefix = `${stream}/${REJECTED_PARTITION}/`
  for await (const found of store.list({ prefix, signal })) {
    if (found.kind === 'object') keys.push(found.key)
    if (keys.length > MAX_FILES) break
  }
  return keys
}

/** What a file has to give: looks at all of it before anything is given. `gone`: another replay was first. */
async function verdictOn(
  key: string,
  options: ReplayOptions,
): Promise<'records' | 'left' | 'gone' | SluiceError> {
  let records = 0
  try {
    for await (const letters of readLetters(options.store, key, options)) {
      for (const letter of letters) if (await recordOf(letter, options)) records++
    }
  } catch (error) {
    if (!isSluiceError(error) || error.key !== key) throw error
    if (error.code === 'not-found') return 'gone'
    if (error.code !== 'protocol') throw error
    return error
  }
  return records > 0 ? 'records' : 'left'
}

/**
 * Each batch is the only request of a producer of its own, so that the sink answers it in full when it comes again: of a sequence, a log
 * remembers the last answers only, and a file is set aside when each of its batches has a receipt that is committed.
 */
async function* give(key: string, options: ReplayOptions): AsyncGenerator<Ack, void, undefined> {
  const { store, sink, signal } = options
  const word = (await sha256Hex(utf8(key))).slice(0, 32)
  let batch = 0
  for await (const letters of readLetters(store, key, { signal })) {
    const records: object[] = []
    const refused: Refused[] = []
    for (const [index, letter] of letters.entries()) {
      const record = await recordOf(letter, options)
      const { error: code, path, message, raw, exact } = letter
      if (record) records.push(record)
      else refused.push({ index, code, path, message, raw, exact })
    }
    const producer = { id: `replay-${word}-${batch++}`, epoch: 0, seq: 0 }
    yield await sink.write(records as never[], { producer, refused, signal })
  }
}

async function recordOf(
  letter: DeadLetter,
  { repair = parsed }: ReplayOptions,
): Promise<object | undefined> {
  return repair(letter)
}

function parsed({ raw, exact }: DeadLetter): object | undefined {
  if (exact === null) return undefined
  try {
    const record: unknown = exact === undefined ? parseJson(raw) : rowOfText(exact)
    return typeof record === 'object' && record !== null ? record : undefined
  } catch {
    return undefined
  }
}
