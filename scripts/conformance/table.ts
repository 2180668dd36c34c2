import type { CaseLine } from './runtime.ts'

/** What a cell came to. */
export type Counts = Record<CaseLine['status'], number>

/** Rows are servers, columns are runtimes. What did not run was skipped. */
export function printTable(
  rows: readonly string[],
  columns: readonly string[],
  results: ReadonlyMap<string, Counts>,
): void {
  const lines = [
    ['', ...columns],
    ...rows.map((row) => [
      row,
      ...columns.map((column) => cellOf(results.get(`${row} ${column}`))),
    ]),
  ]
  const widths =
    lines[0]?.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0))) ?? []
  console.log('\npassed/not supported/excepted/failed')
  for (const line of lines) {
    console.log(
      line
        .map((text, i) => text.padEnd((widths[i] ?? 0) + 2))
        .join('')
        .trimEnd(),
    )
  }
}

function cellOf(counts: Counts | undefined): string {
  if (!counts) return 'skipped'
  const { passed, excepted, failed } = counts
  return `${[passed, counts['not-supported'], excepted, failed].join('/')}${failed > 0 ? ' FAILED' : ''}`
}
