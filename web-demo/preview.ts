import type { FieldType } from 'sluice'
import { create, element } from './element.ts'
import type { Cell, Reading } from './messages.ts'
import { bytesText, countText } from './text.ts'

const NUMBERS: ReadonlySet<string> = new Set(['int32', 'int64', 'double'])

/** The first records as a table, and how far the file is read. */
export function showPreview(reading: Reading, fileBytes: number): void {
  const { columns, rows, records, unreadable, done } = reading
  const progress = element('read-progress', HTMLProgressElement)
  progress.hidden = done
  progress.value = fileBytes === 0 ? 1 : reading.bytes / fileBytes

  element('preview-summary', HTMLElement).textContent = done
    ? `${countText(records, 'record')}, ${countText(columns.length, 'column')}`
    : `Reading: ${countText(records, 'record')}, ${bytesText(reading.bytes)} of ${bytesText(fileBytes)}`

  const shown = columns.slice(0, rows[0]?.length ?? 0)
  const alignment = shown.map(({ type }) => (NUMBERS.has(wordOf(type)) ? 'number' : ''))
  const heads = shown.map(({ name, type, nullable }, column) =>
    create(
      'th',
      { scope: 'col', className: alignment[column] ?? '', title: name },
      name,
      create('span', { className: 'type' }, nullable ? `${wordOf(type)}, nullable` : wordOf(type)),
    ),
  )
  const lines = rows.map((cells) =>
    create('tr', {}, ...cells.map((cell, column) => cellOf(cell, alignment[column] ?? ''))),
  )
  element('preview-table', HTMLTableElement).replaceChildren(
    create('thead', {}, create('tr', {}, ...heads)),
    create('tbody', {}, ...lines),
  )
  element('preview-scroll', HTMLElement).hidden = rows.length === 0

  const notes = [
    rows.length < records ? `The first ${countText(rows.length, 'record')} are shown.` : '',
    shown.length < columns.length
      ? `${countText(columns.length - shown.length, 'further column')} not shown.`
      : '',
    unreadable > 0
      ? `${countText(unreadable, 'record')} cannot be read. Sent, they are rejected and kept aside with the reason.`
      : '',
  ]
  const note = element('preview-note', HTMLElement)
  note.textContent = notes.filter(Boolean).join(' ')
  note.hidden = note.textContent === ''
}

/** Types that were inferred are words. */
function wordOf(type: FieldType): string {
  return typeof type === 'string' ? type : type.kind
}

function cellOf(cell: Cell, alignment: string): HTMLTableCellElement {
  if (cell === undefined || cell === null) {
    return create('td', { className: `absent ${alignment}` }, cell === null ? 'null' : '')
  }
  return create('td', { className: alignment, title: cell }, cell)
}
