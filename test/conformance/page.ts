/** A cell of the table in a page: the driver calls `runCell`, and is told of each case by the `tell` that it has put there. */
import { type Cell, runCell } from './cell.ts'
import type { CaseLine, CellLine } from './matrix-case.ts'

declare global {
  var tell: (line: CaseLine | CellLine) => Promise<void>
  var startCell: (cell: Cell) => Promise<void>
}

globalThis.startCell = (cell) => runCell(cell, [], (line) => globalThis.tell(line))
