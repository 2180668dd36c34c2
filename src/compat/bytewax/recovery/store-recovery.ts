import type { Bytes, Clock, Store } from '../../../contracts/index.ts'
import { fromUtf8Strict, utf8 } from '../../../core/bytes.ts'
import { systemClock } from '../../../core/clock.ts'
import { isSluiceError, SluiceError } from '../../../core/errors.ts'
import { checkKey } from '../../../core/keys.ts'
import { checkOptionNames, type OptionNames } from '../../../core/option-names.ts'
import { retry } from '../../../core/retry.ts'
import { collectBytes } from '../../../core/streams.ts'
import {
  BEGINNING,
  type Recovery,
  type RecoveryOptions,
  type RecoverySession,
  type Snapshot,
} from './recovery.ts'
import {
  checkRecoveryOptions,
  checkStep,
  type KeptSnapshot,
  notKept,
  snapshotOfText,
  snapshotText,
} from './snapshot-text.ts'

export interface StoreRecoveryOptions extends RecoveryOptions {
  /** For the waits between attempts, and in a log for the times of snapshots; a store has times of its own. */
  readonly clock?: Clock | undefined
}

export const RECOVERY_OPTIONS: OptionNames<StoreRecoveryOptions> = {
  backupMs: true,
  resumeEpoch: true,
  clock: true,
}

const DIGITS = 16
/** Of a snapshot, as its text. */
const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024

/**
 * Makes the place of a recovery, once; one that is there stays as it is. Like Bytewax's `python -m bytewax.recovery`: a run whose place was not
 * made, or is misspelt, is refused instead of beginning anew and truncating what is there.
 *
 * Errors: `invalid-key`, `not-supported` for a store without conditional writes, and the store's.
 */
export async function initRecovery(store: Store, folder: string): Promise<void> {
  const place = new Place(store, folder, systemClock)
  if ((await place.entries()).length > 0) return
  await place.create(1, { ...BEGINNING, stepId: '', id: crypto.randomUUID(), atMs: Date.now() })
}

/**
 * Snapshots in a folder of any store with conditional writes, one object for each epoch, `{folder}/{number}`, which holds the states of all
 * partitions: there is nothing that could be missing or inconsistent with the rest. The folder is the recovery's alone, and made by `initRecovery`.
 *
 * Guaranteed: what {@link Recovery} says, whatever answers are lost and however long a request of a fenced run is under way.
 *
 * Errors: `not-found` where there is no recovery; `too-large` for a snapshot of more than 64 MiB; `not-supported` for a store
 * without conditional writes; and the store's, after four attempts.
 */
export function storeRecovery(
  store: Store,
  folder: string,
  options: StoreRecoveryOptions = {},
): Recovery {
  checkOptionNames('storeRecovery', options, RECOVERY_OPTIONS)
  const { backupMs = 0, resumeEpoch, clock = systemClock } = options
  checkRecoveryOptions(backupMs, resumeEpoch)
  const place = new Place(store, folder, clock)
  return {
    async open(stepId) {
      for (;;) {
        const entries = await place.entries()
        const newest = entries.at(-1)
        if (!newest) {
          const message = `There is no recovery under "${folder}/": initRecovery() makes it`
          throw new SluiceError('not-found', message, { key: folder })
        }
        const last = await place.read(newest.number)
        // Its writer has gone on, and dropped it.
        if (!last) continue
        checkStep(last, stepId)
        const resume = resumeEpoch === undefined ? last : await place.before(resumeEpoch, entries)
        const id = crypto.randomUUID()
        const session = new StoreSession(place, entries, { stepId, backupMs, clock }, resume, id)
        if (await session.append(resume)) return session
      }
    },
  }
}

interface Entry {
  readonly number: number
  /** By the store's clock, which all writers have in common. */
  readonly atMs: number
}

/** The folder, and what is in it. */
class Place {
  readonly #store: Store
  readonly #folder: string
  readonly #clock: Clock

  constructor(store: Store, folder: string, clock: Clock) {
    checkKey(folder)
    if (!store.capabilities.conditionalPut) {
      const message = `A recovery needs conditional writes, which this store (${store.kind}) does not have`
      throw new SluiceError('not-supported', message)
    }
    this.#store = store
    this.#folder = folder
    this.#clock = clock
  }

  /** Ascending; those behind `after`, if it is given. */
  async entries(after?: number): Promise<Entry[]> {
    const prefix = `${this.#folder}/`
    const startAfter = after === undefined ? undefined : this.#key(after)
    const entries: Entry[] = []
    for await (const found of this.#store.list({ prefix, startAfter })) {
      if (found.kind !== 'object') continue
      const name = found.key.slice(prefix.length)
      if (!/^\d{16}$/.test(name)) throw this.#foreign(found.key)
      entries.push({ number: Number(name), atMs: found.lastModified.getTime() })
    }
    return entries
  }

  async read(number: number): Promise<KeptSnapshot | undefined> {
    const key = this.#key(number)
    const found = await this.#store.get(key)
    if (!found) return undefined
    const text = fromUtf8Strict(await collectBytes(found.body, MAX_SNAPSHOT_BYTES))
    return snapshotOfText(text ?? '', `"${key}"`)
  }

  /** The snapshot behind which that epoch begins. One from before a run that went back behind it is none. */
  async before(resumeEpoch: number, entries: readonly Entry[]): Promise<Snapshot> {
    if (resumeEpoch === 1) return BEGINNING
    for (const { number } of entries.toReversed()) {
      const kept = await this.read(number)
      if (kept?.epoch === resumeEpoch - 1) return kept
      if (kept && kept.epoch < resumeEpoch) break
    }
    throw notKept(resumeEpoch)
  }

  /** Whether the number is ours now. Each number is created once: what is there already is somebody else's, or ours, whose answer was lost. */
  async create(number: number, snapshot: KeptSnapshot): Promise<boolean> {
    const key = this.#key(number)
    const body = this.#bytes(key, snapshot)
    const put = async (): Promise<boolean> => {
      try {
        const contentType = 'text/plain; charset=utf-8'
        await this.#store.put(key, body, { ifNoneMatch: '*', contentType })
        return true
      } catch (error) {
        const found = await this.read(number)
        if (found) return found.id === snapshot.id
        // Whoever was there has been dropped since, because there are newer ones.
        if (isSluiceError(error, 'precondition-failed')) return false
        throw error
      }
    }
    return retry(put, { clock: this.#clock })
  }

  /** Those that could be deleted. */
  async delete(entries: readonly Entry[]): Promise<ReadonlySet<Entry>> {
    const keys = new Map(entries.map((entry) => [this.#key(entry.number), entry]))
    const { failed } = await this.#store.delete([...keys.keys()])
    for (const { key } of failed) keys.delete(key)
    return new Set(keys.values())
  }

  #key(number: number): string {
    return `${this.#folder}/${String(number).padStart(DIGITS, '0')}`
  }

  #bytes(key: string, snapshot: KeptSnapshot): Bytes {
    const body = utf8(snapshotText(snapshot))
    if (body.byteLength <= MAX_SNAPSHOT_BYTES) return body
    const message = `"${key}" would have ${body.byteLength} bytes; at most ${MAX_SNAPSHOT_BYTES} are read again`
    throw new SluiceError('too-large', message, { key })
  }

  #foreign(key: string): SluiceError {
    const message = `"${key}" is no snapshot: a recovery needs a folder of its own`
    return new SluiceError('invalid-options', message, { key })
  }
}

interface SessionSettings {
  readonly stepId: string
  readonly backupMs: number
  readonly clock: Clock
}

class StoreSession implements RecoverySession {
  readonly resume: Snapshot
  readonly #place: Place
  readonly #settings: SessionSettings
  readonly #id: string
  /** Ascending; the last one is the newest. */
  #entries: readonly Entry[]

  constructor(
    place: Place,
    entries: readonly Entry[],
    settings: SessionSettings,
    resume: Snapshot,
    id: string,
  ) {
    this.#place = place
    this.#entries = entries
    this.#settings = settings
    this.resume = resume
    this.#id = id
  }

  /** Whether it is the newest one now; if not, somebody else has come in between. */
  async append({ epoch, source, parts }: Snapshot): Promise<boolean> {
    const { stepId, clock } = this.#settings
    const last = this.#entries.at(-1)?.number ?? 0
    const number = last + 1
    const id = `${this.#id}-${number}`
    const snapshot = { epoch, source, parts, stepId, id, atMs: clock.now() }
    if (!(await this.#place.create(number, snapshot))) return false
    // The number may have been free because its entry was dropped, as old: then there are newer ones.
    const [own, ...newer] = await this.#place.entries(last)
    if (own?.number !== number || newer.length > 0) return false
    this.#entries = [...this.#entries, own]
    return true
  }

  async save(snapshot: Snapshot): Promise<void> {
    if (!(await this.append(snapshot))) {
      const { stepId } = this.#settings
      throw new SluiceError('fenced', `Another run of the step "${stepId}" has begun`)
    }
    await this.#dropOld()
  }

  async close(): Promise<void> {}

  /** What cannot be deleted now is tried again after the next snapshot. */
  async #dropOld(): Promise<void> {
    const entries = this.#entries
    const nowMs = entries.at(-1)?.atMs ?? 0
    const before = nowMs - this.#settings.backupMs
    const old = entries.filter(
      (_, i) => (entries[i + 1]?.atMs ?? Number.POSITIVE_INFINITY) <= before,
    )
    if (old.length === 0) return
    try {
      const gone = await this.#place.delete(old)
      this.#entries = entries.filter((entry) => !gone.has(entry))
    } catch (error) {
      if (!isSluiceError(error)) throw error
    }
  }
}
