import { create, element } from './element.ts'
import type { SentFile } from './messages.ts'
import { bytesText, countText } from './text.ts'

/** The finished files, with links that open them. */
export function showFiles(files: readonly SentFile[]): void {
  element('file-list', HTMLElement).replaceChildren(...files.map(fileItem))
  element('files-note', HTMLElement).textContent =
    files.length === 0
      ? 'The file held no records, so there is none in the bucket.'
      : 'The links are signed by the server and open for an hour. The files stay in the bucket.'
}

function fileItem({ key, records, bytes, url, isDeadLetters }: SentFile): HTMLLIElement {
  const size = `${countText(records, isDeadLetters ? 'rejected record' : 'record')}, ${bytesText(bytes)}`
  const about = create(
    'div',
    {},
    create('code', { className: 'key' }, key),
    create('span', { className: 'muted' }, size),
  )
  return create(
    'li',
    {},
    about,
    create('a', { href: url, download: '', ariaLabel: `Download ${key}` }, 'Download'),
  )
}
