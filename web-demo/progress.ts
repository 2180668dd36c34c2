import { create, element } from './element.ts'
import type { Sending } from './messages.ts'
import { bytesText, countText, numberText } from './text.ts'

/** What was sent, acknowledged and rejected so far, of `total` records. */
export function showProgress(sending: Sending, total: number): void {
  const answered = sending.acknowledged + sending.rejected
  const progress = element('send-progress', HTMLProgressElement)
  progress.value = total === 0 ? 1 : Math.min(1, answered / total)
  figure('sent', sending.sent, `of ${numberText(total)}, ${bytesText(sending.bytes)}`)
  figure('acknowledged', sending.acknowledged, 'kept by the server')
  figure('rejected', sending.rejected, sending.rejected > 0 ? 'kept in a file apart' : 'none')
  element('rejected', HTMLElement).classList.toggle('is-bad', sending.rejected > 0)
  showReasons(sending)
}

function figure(id: string, value: number, note: string): void {
  element(id, HTMLElement).replaceChildren(numberText(value), create('small', {}, note))
}

function showReasons({ reasons, rejected }: Sending): void {
  element('rejects', HTMLElement).hidden = reasons.length === 0
  element('reject-rows', HTMLTableSectionElement).replaceChildren(
    ...reasons.map(({ path, code, message, records, first }) =>
      create(
        'tr',
        {},
        path === ''
          ? create('td', { className: 'absent' }, 'whole record')
          : create('td', {}, create('code', {}, path)),
        create('td', {}, message, create('span', { className: 'type' }, code)),
        create('td', { className: 'number' }, numberText(records)),
        create('td', { className: 'number' }, numberText(first)),
      ),
    ),
  )
  const named = reasons.reduce((sum, { records }) => sum + records, 0)
  const note = element('reject-note', HTMLElement)
  note.textContent =
    named < rejected ? `${countText(rejected - named, 'further record')} for other reasons.` : ''
  note.hidden = note.textContent === ''
}
