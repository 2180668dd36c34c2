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

const CASE_MS = 300_000

export async function judge({ suite, name, excepted, run }: MatrixCase): Promise<CaseLine> {
  const of = { suite, name }
  try {
    const status = await withinTime(run())
    if (excepted === undefined) return { ...of, status }
    return { ...of, status: 'failed', reason: `passes, and is said to fail: ${excepted}` }
  } catch (error) {
    if (excepted !== undefined) return { ...of, status: 'excepted', reason: excepted }
    return { ...of, status: 'failed', reason: error instanceof Error ? error.message : `${error}` }
  }
}

async function withinTime<T>(running: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${CASE_MS} ms`)), CASE_MS)
  })
  try {
    return await Promise.race([running, late])
  } finally {
    clearTimeout(timer)
  }
}
