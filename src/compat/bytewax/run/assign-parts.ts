import { compareKeys } from '../../../core/keys.ts'

/** A partition, and the worker that writes it. */
export interface AssignedPart {
  readonly name: string
  readonly worker: number
}

/**
 * All partitions that any worker lists, each once, in the order of their names' UTF-8 bytes; and which of its workers each has: those
 * that the fewest list come first, each goes to the worker that has the fewest so far, and of equals to the first.
 */
export function assignParts(listed: readonly (readonly string[])[]): readonly AssignedPart[] {
  const holders = new Map<string, Set<number>>()
  listed.forEach((names, worker) => {
    for (const name of names) {
      const known = holders.get(name)
      if (known) known.add(worker)
      else holders.set(name, new Set([worker]))
    }
  })
  const parts = [...holders].map(([name, workers]) => ({ name, workers }))
  parts.sort((a, b) => compareKeys(a.name, b.name))
  const counts = listed.map(() => 0)
  const chosen = new Map<string, number>()
  // The sort is stable: of partitions with as many holders, the order of their names stays.
  for (const { name, workers } of [...parts].sort((a, b) => a.workers.size - b.workers.size)) {
    const least = Math.min(...[...workers].map((worker) => counts[worker] as number))
    const worker = [...workers].find((one) => counts[one] === least) as number
    counts[worker] = least + 1
    chosen.set(name, worker)
  }
  return parts.map(({ name }) => ({ name, worker: chosen.get(name) as number }))
}
