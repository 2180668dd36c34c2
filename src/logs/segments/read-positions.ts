import type { LanePosition } from '../../contracts/index.ts'
import { asSluiceError, isSluiceError, SluiceError } from '../../core/errors.ts'
import type { LogFiles } from './log-files.ts'
import { epochsIn, segmentsIn } from './names.ts'
import { checkNothingKept, readLedger } from './recover.ts'

/** How often the folder is listed anew: its owner removes a segment only when a newer one is whole. */
const ATTEMPTS = 5

/**
 * How far the lanes of a log are, read beside its owner, who does not notice: no epoch is taken and nothing is written. What the
 * owner does meanwhile may be seen or not. Of `files`, `list` and `open` are called, and `open` rejects for a name that is not there.
 *
 * Errors: `not-found` where no log is; `checksum-mismatch` and `not-supported` as when a log is opened.
 */
export async function readPositions(files: LogFiles): Promise<readonly LanePosition[]> {
  for (let attempt = 1; ; attempt++) {
    const names = await files.list()
    const segments = segmentsIn(names)
    if (segments.length + epochsIn(names).length === 0) {
      throw new SluiceError('not-found', 'There is no log in this folder')
    }
    try {
      for (const name of segments) {
        const { ledger, segment, isReady } = await readLedger(files, name)
        await segment.close()
        if (isReady) return ledger.positions()
      }
      await checkNothingKept(files, segments)
      return []
    } catch (error) {
      // Its owner removes segments, and writes to the newest: what is half there is whole when it is looked at again.
      if (isSluiceError(error, 'not-supported') || attempt === ATTEMPTS) {
        throw asSluiceError(error, 'unavailable', 'The log could not be read')
      }
    }
  }
}
