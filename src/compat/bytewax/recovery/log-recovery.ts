import type { CommittedFile, Log, LogSession, SealedFile } from '../../../contracts/index.ts'
import { systemClock } from '../../../core/clock.ts'
import { SluiceError } from '../../../core/errors.ts'
import { laneId } from '../../../core/lane.ts'
import { checkOptionNames } from '../../../core/option-names.ts'
import { BEGINNING, type Recovery, type RecoverySession, type Snapshot } from './recovery.ts'
import {
  checkRecoveryOptions,
  checkStep,
  type KeptSnapshot,
  notKept,
  snapshotOfText,
  snapshotText,
} from './snapshot-text.ts'
import { RECOVERY_OPTIONS, type StoreRecoveryOptions } from './store-recovery.ts'

const LANE = { stream: 'bytewax', partition: '', shard: 'recovery', schema: 'auto' } as const
const ENCODING = { format: 'snapshot', schema: undefined } as const

/** So many snapshots are dropped together: each time costs the log a cut and a commit. */
const DROP_SNAPSHOTS = 32

/**
 * Snapshots in a log that is the recovery's alone: `fileLog` on a disk, a Durable Object's SQLite, or memory for as long as the process lives.
 * An empty log is a recovery at its beginning.
 *
 * Guaranteed: what {@link Recovery} says, as durable as the log is. Up to 32 snapshots more than are needed are kept.
 *
 * Errors: the log's; `invalid-options` for one that holds something else.
 */
export function logRecovery(log: Log, options: StoreRecoveryOptions = {}): Recovery {
  checkOptionNames('logRecovery', options, RECOVERY_OPTIONS)
  const { backupMs = 0, resumeEpoch, clock = systemClock } = options
  checkRecoveryOptions(backupMs, resumeEpoch)
  return {
    async open(stepId) {
      const session = await log.open(`the recovery of ${stepId}`)
      const held = new HeldSnapshots(session)
      const kept = await held.read(clock.now())
      for (const one of kept) checkStep(one, stepId)
      const last = resumeEpoch === undefined ? kept.at(-1) : snapshotBefore(resumeEpoch, kept)
      const resume: Snapshot = last ?? BEGINNING
      const save = async (snapshot: Snapshot): Promise<void> => {
        const atMs = clock.now()
        await held.append({ ...snapshot, stepId, id: '', atMs })
        await held.drop(atMs, backupMs)
      }
      // From here on, what came after it is none of this run's past.
      if (last !== kept.at(-1)) await save(resume)
      return { resume, save, close: () => session.close() } satisfies RecoverySession
    },
  }
}

/** `undefined` for the beginning. One from before a run that went back behind it is none. */
function snapshotBefore(
  resumeEpoch: number,
  kept: readonly KeptSnapshot[],
): KeptSnapshot | undefined {
  if (resumeEpoch === 1) return undefined
  const last = kept.findLast(({ epoch }) => epoch < resumeEpoch)
  if (last?.epoch === resumeEpoch - 1) return last
  throw notKept(resumeEpoch)
}

/** Snapshots in the log, one row each. */
class HeldSnapshots {
  readonly #session: LogSession
  /** Cut, and not dropped yet, each with the time of the snapshot behind it; of the last one it is not known until that comes. */
  readonly #cut: { readonly file: SealedFile; supersededAtMs: number | undefined }[] = []
  /** The times of those that are not cut. */
  #openAtMs: number[] = []
  #begin: number

  constructor(session: LogSession) {
    this.#session = session
    this.#begin = session.state.lanes[0]?.begin ?? 0
  }

  /** All of them. What was open is cut, since only what is cut can be read. */
  async read(nowMs: number): Promise<readonly KeptSnapshot[]> {
    const { lanes, sealed } = this.#session.state
    const foreign = [...lanes, ...sealed].find(({ lane }) => laneId(lane) !== laneId(LANE))
    if (foreign) {
      const message = `The log holds records of "${foreign.lane.stream}": a recovery needs one of its own`
      throw new SluiceError('invalid-options', message)
    }
    const files: SealedFile[] = [...sealed]
    const [lane] = lanes
    if (lane && lane.end > lane.begin) files.push(await this.#seal(lane.end, nowMs))
    const kept: KeptSnapshot[] = []
    for (const file of files) {
      const first = kept.length
      for await (const rows of this.#session.read(file)) {
        for (const { text } of rows) kept.push(snapshotOfText(String(text), 'A row of the log'))
      }
      this.#supersede(kept[first]?.atMs ?? nowMs)
      this.#cut.push({ file, supersededAtMs: undefined })
    }
    this.#begin = files.at(-1)?.end ?? this.#begin
    return kept
  }

  async append(snapshot: KeptSnapshot): Promise<void> {
    const text = snapshotText(snapshot)
    const { atMs } = snapshot
    const lane = { lane: LANE, rows: [{ text }], bytes: text.length, encoding: ENCODING }
    const { ranges } = await this.#session.append({ lanes: [lane], rejected: [], atMs })
    this.#begin = (ranges[0]?.begin ?? 0) - this.#openAtMs.length
    this.#openAtMs.push(atMs)
    this.#supersede(atMs)
  }

  /** Those that have had a newer one for so long. */
  async drop(nowMs: number, backupMs: number): Promise<void> {
    const before = nowMs - backupMs
    if (this.#openAtMs.length > DROP_SNAPSHOTS) {
      // The newest one stays open.
      const end = this.#begin + this.#openAtMs.length - 1
      const newestAtMs = this.#openAtMs.at(-1) as number
      this.#cut.push({ file: await this.#seal(end, nowMs), supersededAtMs: newestAtMs })
      this.#begin = end
      this.#openAtMs = [newestAtMs]
    }
    const old = this.#cut.filter(
      ({ supersededAtMs: atMs = Number.POSITIVE_INFINITY }) => atMs <= before,
    )
    if (old.length === 0) return
    // No object stands for them: nobody is to read them again.
    const files: CommittedFile[] = old.map(({ file }) => ({ ...file, etag: '', bytes: 0 }))
    await this.#session.commit(files)
    this.#cut.splice(0, this.#cut.length, ...this.#cut.filter((one) => !old.includes(one)))
  }

  #supersede(atMs: number): void {
    const last = this.#cut.at(-1)
    if (last) last.supersededAtMs ??= atMs
  }

  async #seal(end: number, nowMs: number): Promise<SealedFile> {
    const id = crypto.randomUUID()
    const times = { openedAtMs: nowMs, sealedAtMs: nowMs }
    const range = { lane: LANE, begin: this.#begin, end }
    const { file } = await this.#session.seal({ ...range, ...times, id, key: id, reason: 'flush' })
    return file
  }
}
