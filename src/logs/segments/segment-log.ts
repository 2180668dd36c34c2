import type { Log, LogSession, Row } from '../../contracts/index.ts'
import { asSluiceError, SluiceError } from '../../core/errors.ts'
import { GroupCommit, isSparse } from './group-commit.ts'
import type { LogFiles } from './log-files.ts'
import { epochsIn, epochText, segmentsIn, segmentText } from './names.ts'
import { recover, takeEpoch } from './recover.ts'
import { SegmentSession } from './session.ts'

export interface SegmentLogOptions {
  /** About how large a file of the log becomes. Default 64 MiB. */
  readonly segmentBytes?: number | undefined
}

const DEFAULT_SEGMENT_BYTES = 64 * 1024 * 1024

/**
 * A log in append-only files.
 *
 * Guaranteed: what {@link Log} says, after a crash of the process and of its machine, as far as the platform's sync keeps its word.
 * Whoever opens the log last owns it; the owner before hears `fenced`, also one that was asleep meanwhile.
 */
export function segmentLog<R extends object = Row>(
  files: LogFiles,
  options: SegmentLogOptions = {},
): Log<R> {
  const { segmentBytes = DEFAULT_SEGMENT_BYTES } = options
  if (!(segmentBytes > 0)) {
    throw new SluiceError('invalid-options', `segmentBytes must be above 0, not ${segmentBytes}`)
  }
  let owner: GroupCommit | undefined
  let opening: Promise<unknown> = Promise.resolve()
  return {
    inMemory: false,
    open() {
      const opened = opening.then(async () => {
        // The owner before it in this process holds the same files.
        await owner?.end()
        owner = undefined
        try {
          const session = await openSession<R>(files, segmentBytes)
          owner = session.owner
          return session.session
        } catch (error) {
          throw asSluiceError(error, 'unavailable', 'The log could not be opened')
        }
      })
      opening = opened.catch(() => {})
      return opened
    },
  }
}

async function openSession<R extends object>(
  files: LogFiles,
  segmentBytes: number,
): Promise<{ readonly owner: GroupCommit; readonly session: LogSession<R> }> {
  const unlock = (await files.lock?.()) ?? (async () => {})
  let owner: GroupCommit | undefined
  try {
    const epoch = await takeEpoch(files)
    const { ledger, segments, isUnsure } = await recover(files)
    owner = new GroupCommit({ files, epoch, ledger, segments, segmentBytes, onEnd: unlock })
    await owner.start((block) => isUnsure(block) || isSparse(block))
    await removeOlder(files, epoch, owner)
    return { owner, session: new SegmentSession<R>(ledger, owner) }
  } catch (error) {
    await (owner ? owner.end() : unlock())
    throw error
  }
}

/** What earlier owners left: their names, and segments that nothing is read from any more. */
async function removeOlder(files: LogFiles, epoch: number, owner: GroupCommit): Promise<void> {
  const names = await files.list()
  const needed = new Set([...owner.segments].map(({ name }) => segmentText(name)))
  const older = [
    ...epochsIn(names)
      .filter((other) => other < epoch)
      .map(epochText),
    ...segmentsIn(names)
      .filter((name) => name.epoch < epoch)
      .map(segmentText)
      .filter((name) => !needed.has(name)),
  ]
  // One that its owner still has open, where that is in the way, is left to the next opening.
  for (const name of older) await files.remove(name).catch(() => {})
}
