/** One test of the table. */
export interface MatrixCase {
  readonly suite: string
  readonly name: string
  /** Why it must fail. */
  readonly excepted?: string | undefined
  /** `not-supported` when it passed and met something that the server's profile says is not there. */
  run(): Promise<'passed' | 'not-supported'>
}

/** What became of it. `excepted`: it failed, as it had to. */
export interface CaseLine {
  readonly suite: string
  readonly name: string
  readonly status: 'passed' | 'not-supported' | 'excepted' | 'failed'
  readonly reason?: string | undefined
}

/** How many cases there will be, told before the first one: a runtime that ends in the midst may do so without an error. */
export interface CellLine {
  readonly cases: number
}

/** The case could not be run to its end. That is never what an exception stands for. */
export class CaseTrouble extends Error {}

const CASE_MS = 300_000

export async function judge({ suite, name, excepted, run }: MatrixCase): Promise<CaseLine> {
  const of = { suite, name }
  try {
    const status = await withinTime(run())
    if (excepted === undefined) return { ...of, status }
    return { ...of, status: 'failed', reason: `passes, and is said to fail: ${excepted}` }
  } catch (error) {
    const trouble = error instanceof CaseTrouble
    if (excepted !== undefined && !trouble) return { ...of, status: 'excepted', reason: excepted }
    return { ...of, status: 'failed', reason: error instanceof Error ? error.message : `${error}` }
  }
}

async function withinTime<T>(running: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CaseTrouble(`no end after ${CASE_MS} ms`)), CASE_MS)
  })
  try {
    return await Promise.race([running, late])
  } finally {
    clearTimeout(timer)
  }
}
