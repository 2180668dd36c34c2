import { readFile, writeFile } from 'node:fs/promises'

/** What a platform takes for the rows. */
export interface PlatformRun {
  readonly seconds: number
  /** By how much its process grew at most meanwhile, garbage among it. Linux tells it. */
  readonly peakBytes?: number
}

/**
 * Runs `work`, which keeps one of the processes busy: that which grows most counts.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
 */
export async function peakGrowth(
  processes: readonly number[],
  work: () => Promise<number>,
): Promise<PlatformRun> {
  if (process.platform !== 'linux') return { seconds: await work() }
  const before = await Promise.all(
    processes.map(async (pid) => {
      // From now on, the most is counted anew.
      await writeFile(`/proc/${pid}/clear_refs`, '5')
      return memory(pid, 'VmRSS')
    }),
  )
  const seconds = await work()
  const most = await Promise.all(processes.map((pid) => memory(pid, 'VmHWM')))
  const growth = most.map((bytes, place) => bytes - (before[place] as number))
  return { seconds, peakBytes: Math.max(0, ...growth) }
}

/** The processes of a program that this one has started. */
export async function childrenNamed(program: string): Promise<readonly number[]> {
  if (process.platform !== 'linux') return []
  const children = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')
  const names = children
    .trim()
    .split(' ')
    .map(async (pid) => [Number(pid), await readFile(`/proc/${pid}/comm`, 'utf8')] as const)
  return (await Promise.all(names)).flatMap(([pid, name]) => (name.trim() === program ? pid : []))
}

async function memory(pid: number, what: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, kibibytes] = status.match(new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm')) ?? []
  return Number(kibibytes) * 1024
}
