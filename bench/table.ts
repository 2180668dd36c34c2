export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = (sorted.length - 1) / 2
  return ((sorted[Math.floor(half)] as number) + (sorted[Math.ceil(half)] as number)) / 2
}

/** Rows of a name and figures, in columns. */
export function table(rows: readonly (readonly string[])[]): string {
  return rows
    .map(
      ([name = '', ...cells]) =>
        `${name.padEnd(18)}${cells.map((cell) => cell.padStart(12)).join('')}`,
    )
    .join('\n')
}
