import { element } from './element.ts'
import { bytesText } from './text.ts'

/** Calls `onFile` with each file that is chosen, or dropped anywhere on the page, while the card is open. */
export function watchFileChoice(onFile: (file: File) => void): void {
  const input = element('file', HTMLInputElement)
  input.addEventListener('change', () => {
    const file = input.files?.[0]
    // So that choosing the same file again is a change.
    input.value = ''
    if (file) onFile(file)
  })

  // Without these, a browser leaves the page to show the file.
  document.addEventListener('dragover', (event) => {
    event.preventDefault()
    document.body.classList.add('is-dragging')
  })
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) document.body.classList.remove('is-dragging')
  })
  document.addEventListener('drop', (event) => {
    event.preventDefault()
    document.body.classList.remove('is-dragging')
    const file = event.dataTransfer?.files[0]
    if (file && !element('choose', HTMLElement).hidden) onFile(file)
  })
}

export function showChosenFile(file: File): void {
  const name = element('file-name', HTMLElement)
  name.replaceChildren(`${file.name} (${bytesText(file.size)})`)
  element('file-hint', HTMLElement).textContent = 'Drop or choose another one to replace it'
  name.parentElement?.classList.add('has-file')
}
