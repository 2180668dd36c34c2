/** Positions `[begin, end)`. */
export type Interval = readonly [begin: number, end: number]

/** Disjoint, ascending, and none touches the next. */
export type Intervals = readonly Interval[]

/** The intervals and one more. */
export function withInterval(all: Intervals, [begin, end]: Interval): Intervals {
  const before = all.filter((one) => one[1] < begin)
  const after = all.filter((one) => one[0] > end)
  const touched = all.slice(before.length, all.length - after.length)
  const first = touched[0]?.[0] ?? begin
  const last = touched.at(-1)?.[1] ?? end
  return [...before, [Math.min(first, begin), Math.max(last, end)], ...after]
}

export function overlaps(all: Intervals, [begin, end]: Interval): boolean {
  return all.some((one) => one[0] < end && one[1] > begin)
}

/** Whether the pieces, in any order, are exactly the interval: no gap, and none twice. */
export function tile(pieces: readonly Interval[], [begin, end]: Interval): boolean {
  let at = begin
  for (const piece of [...pieces].sort((a, b) => a[0] - b[0])) {
    if (piece[0] !== at) return false
    at = piece[1]
  }
  return at === end
}
