import type { Log } from '../contracts/index.ts'
import { appendCases } from './log-cases/appends.ts'
import { begunCases } from './log-cases/begun-files.ts'
import { cutCases } from './log-cases/cuts.ts'
import { fileCases } from './log-cases/files.ts'
import { ownerCases } from './log-cases/owners.ts'
import { producerCases } from './log-cases/producers.ts'
import { reopenCases } from './log-cases/reopens.ts'
import { valueCases } from './log-cases/values.ts'
import type { SuiteCase } from './store-suite.ts'

/** A log for one case: empty, and nobody else's while the case runs. */
export interface LogUnderTest {
  readonly log: Log
  /**
   * The log as a new process finds it after a crash of the first: the same storage, nothing of its memory. Called only
   * where the log is durable.
   */
  reopen(): Promise<Log>
  /** Called after the case, whether it passed or not. */
  close?(): Promise<void>
}

export interface LogSuiteOptions {
  /** Called once for each case. */
  create(): Promise<LogUnderTest>
  /** Whether what was appended outlives the process. Where it does not, the cases about crashes are skipped. */
  readonly durable: boolean
}

/**
 * The Log contract as tests. A log that passes may stand under any sink.
 *
 * ```ts
 * for (const { name, skip, run } of logSuite({ create, durable: true })) test(name, { skip }, run)
 * ```
 */
export function logSuite(options: LogSuiteOptions): readonly SuiteCase[] {
  const { create, durable } = options
  const always = [
    ...appendCases,
    ...valueCases,
    ...producerCases,
    ...cutCases,
    ...fileCases,
    ...begunCases,
    ...ownerCases,
  ]
  return [
    ...always.map((logCase) => ({ logCase, skip: undefined })),
    ...reopenCases.map((logCase) => ({
      logCase,
      skip: durable ? undefined : 'this log does not outlive its process',
    })),
  ].map(({ logCase, skip }) => ({
    name: logCase.name,
    skip,
    async run() {
      const subject = await create()
      try {
        await logCase.run(subject)
      } finally {
        await subject.close?.()
      }
    },
  }))
}
