import type { Profiler } from 'node:inspector'
import { Session } from 'node:inspector/promises'
import { basename } from 'node:path'

const MOST = 15

/** The functions in which a profile's time went, callees not counted: share, name and place. */
function selfTimes({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): string[] {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url === '' ? '' : ` ${basename(url)}:${lineNumber + 1}`
      return [id, `${functionName || '(anonymous)'}${place}`]
    }),
  )
  const times = new Map<string, number>()
  let total = 0
  for (const [n, sample] of samples.entries()) {
    const name = names.get(sample) ?? '?'
    const time = timeDeltas[n] ?? 0
    // What starting and ending the profile takes.
    if (name.includes('node:inspector')) continue
    times.set(name, (times.get(name) ?? 0) + time)
    total += time
  }
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST)
    .map(([name, time]) => `${((100 * time) / total).toFixed(1).padStart(5)} %  ${name}`)
}

/** Begins a profile, whose end gives where the time went. */
export async function profiled(): Promise<() => Promise<string[]>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  return async () => selfTimes((await session.post('Profiler.stop')).profile)
}
