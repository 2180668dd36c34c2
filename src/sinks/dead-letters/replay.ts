import { nanoid } from 'nanoid'
import type {
  Ack,
  Awaitable,
  CallOptions,
  Clock,
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
import { checkWord } from '../check-word.ts'
import type { ManifestFile } from '../manifest/manifest.ts'
import { type ManifestWriter, openManifest } from '../manifest/open-manifest.ts'
import { readManifest } from '../manifest/read-manifest.ts'
import { REJECTED_PARTITION } from './lane.ts'
import { readLetters } from './read-letters.ts'
import { asideKey, copyAside, foundAside } from './set-aside.ts'

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
   * asked. Default: `raw` read as JSON, where it is JSON. What JSON could not hold is a text there (`"[NaN]"`), and a long record is cut off.
   */
  readonly repair?: ((letter: DeadLetter) => Awaitable<object | undefined>) | undefined
  readonly clock?: Clock | undefined
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
 * Guaranteed with a durable log: each letter is given once, however often this is cut off and called again with the same `repair`. With
 * another one, a file that was given in part is refused with `conflict`, and not written twice. Memory is bounded: a batch of letters
 * at a time. On a stream with a manifest, an entry names the file in its new place.
 *
 * Not guaranteed: order among the records. In a memory log, a replay that is cut off may have written records that the next one writes again.
 *
 * Errors: `conflict`; what `repair` throws; the sink's and the store's. Nothing is lost by any of them.
 */
export async function replayDeadLetters(options: ReplayOptions): Promise<Replayed> {
  const { store, stream, clock, signal } = options
  checkWord('stream', stream)
  const files = await filesToReplay(options)
  const named = files.some(({ file }) => file)
  const writer = named
    ? await openManifest({ store, stream, writer: 'sluice replay', clock, signal })
    : undefined
  const result = { files: 0, records: 0, rejected: 0, left: 0 }
  const failed: { key: string; error: SluiceError }[] = []
  for (let at = 0; at < Math.min(files.length, MAX_FILES); at += FILES_AT_ONCE) {
    const given: Listed[] = []
    const receipts: Receipt[] = []
    for (const one of files.slice(at, Math.min(at + FILES_AT_ONCE, MAX_FILES))) {
      const verdict = await verdictOn(one.key, options)
      if (verdict === 'left') result.left++
      else if (typeof verdict === 'object') failed.push({ key: one.key, error: verdict })
      if (verdict !== 'records') continue
      // Copied by a replay that ended before it could delete the file: its records are visible.
      if (!(await foundAside(store, one.key, asideKey(stream, one.key), { signal }))) {
        for await (const ack of give(one.key, options)) {
          result.records += ack.accepted
          result.rejected += ack.rejected.length
          receipts.push(ack.receipt)
        }
      }
      given.push(one)
    }
    if (receipts.length > 0) await options.sink.flush({ signal })
    for (const receipt of receipts) await receipt.committed({ signal })
    for (const one of given) await setAside(one, writer, options)
    result.files += given.length
  }
  return { ...result, failed, more: files.length > MAX_FILES }
}

/** A file of dead letters, and what a manifest says of it, where the stream has one. */
interface Listed {
  readonly key: string
  readonly file?: ManifestFile | undefined
}

async function filesToReplay({ store, stream, signal }: ReplayOptions): Promise<Listed[]> {
  const prefix = `${stream}/${REJECTED_PARTITION}/`
  const { version, files } = await readManifest({ store, stream, signal })
  if (version > 0) {
    return files
      .filter(({ key }) => key.startsWith(prefix))
      .map((file) => ({ key: file.key, file }))
  }
  const listed: Listed[] = []
  for await (const found of store.list({ prefix, signal })) {
    if (found.kind === 'object') listed.push({ key: found.key })
    if (listed.length > MAX_FILES) break
  }
  return listed
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
 * Each batch is the only request of a producer of its own, so that the sink knows it when it comes again: of a sequence, a log
 * remembers the last request only, and a replay that was cut off does not know which that was.
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
      const { error: code, path, message, raw } = letter
      if (record) records.push(record)
      else refused.push({ index, code, path, message, raw })
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

function parsed({ raw }: DeadLetter): object | undefined {
  try {
    const record = parseJson(raw)
    return typeof record === 'object' && record !== null ? record : undefined
  } catch {
    return undefined
  }
}

async function setAside(
  { key, file }: Listed,
  writer: ManifestWriter | undefined,
  { store, stream, signal }: ReplayOptions,
): Promise<void> {
  const to = asideKey(stream, key)
  const facts = await copyAside(store, key, to, { signal })
  if (file && writer) {
    const moved = { ...file, ...facts, key: to, id: nanoid(), reason: 'compact' as const }
    await writer.commit({ files: [moved], remove: [key] })
    return
  }
  const { failed } = await store.delete(key, { signal })
  if (failed[0]) throw failed[0].error
}
