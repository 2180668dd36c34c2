import type { Encoding } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { type PrepareOptions, prepare } from './prepare.ts'
import { Publisher } from './publisher.ts'
import type { PublisherOptions } from './publisher-options.ts'

export interface OpenPublisherOptions
  extends Omit<PublisherOptions, 'prepare'>,
    Omit<PrepareOptions, 'signal'> {}

/**
 * A publisher that goes on with what the log holds. What the store can promise it finds out before its first file, so that no write
 * waits for that.
 *
 * Errors: `invalid-options` when the log holds files or records of another run: they would never become visible, or at another's end.
 */
export function openPublisher(options: OpenPublisherOptions): Publisher {
  const { session, stream, run, tell } = options
  const { sealed, lanes } = session.state
  for (const held of [...sealed, ...lanes]) checkRun(held.encoding, stream, run)
  return new Publisher({
    ...options,
    async prepare(signal) {
      const prepared = await prepare({ ...options, signal })
      tell({ type: 'opened', ...prepared.opened, sealed: sealed.length, lanes: lanes.length })
      return prepared
    },
  })
}

function checkRun(of: Encoding, stream: string, run: string | undefined): void {
  if (of.run === undefined || of.run === run) return
  throw new SluiceError(
    'invalid-options',
    `The log of "${stream}" holds records of the run "${of.run}", which was not closed; open the sink with that run and close it first`,
  )
}
