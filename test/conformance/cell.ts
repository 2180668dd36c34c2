import { limiter } from '../../src/core/limiter.ts'
import type { RuntimeName } from './exceptions.ts'
import { localCases } from './local-cases.ts'
import { type CaseLine, type CellLine, judge, type MatrixCase } from './matrix-case.ts'
import { s3Cases } from './s3-cases.ts'
import type { ServedServer } from './served-server.ts'

/** One cell of the table. Plain JSON. */
export interface Cell {
  readonly runtime: RuntimeName
  /** Absent for the suites that need no server. */
  readonly server?: ServedServer | undefined
  /** Only cases whose `suite > name` contains this. */
  readonly only?: string | undefined
}

const CASES_AT_ONCE = 4

/**
 * Runs the suites of a cell, in whatever runtime this is, and tells how many cases that is, and of each as it ends. `local` are cases without
 * a server that only this runtime can run.
 */
export async function runCell(
  { runtime, server, only = '' }: Cell,
  local: readonly MatrixCase[],
  tell: (line: CaseLine | CellLine) => unknown,
): Promise<void> {
  const cases = server ? s3Cases(runtime, server) : [...localCases(), ...local]
  const limit = limiter(Math.min(CASES_AT_ONCE, server?.bucketsAtOnce ?? CASES_AT_ONCE))
  const chosen = cases.filter(({ suite, name }) => `${suite} > ${name}`.includes(only))
  await tell({ cases: chosen.length })
  await Promise.all(chosen.map((one) => limit(async () => await tell(await judge(one)))))
}
