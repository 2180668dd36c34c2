import type { Schema } from 'sluice'
import { element } from './element.ts'
import { showChosenFile, watchFileChoice } from './file-choice.ts'
import { showFiles } from './files.ts'
import { chosenStream, showFormats } from './format-choice.ts'
import type { Reading, Sending } from './messages.ts'
import { showPreview } from './preview.ts'
import { showProgress } from './progress.ts'
import { runJob } from './run-job.ts'
import { announce, announceProgress, showProblem } from './status.ts'
import { listUploadStreams, TokenRefused } from './streams.ts'
import { countText } from './text.ts'
import { currentToken, forgetToken, keepToken } from './token.ts'

/** The page is served by the Worker that it sends to. */
const server = new URL('/', location.href).href
const CARDS = ['token', 'choose', 'preview', 'send', 'progress', 'files'] as const

/** Ends the job that is running, if any. */
let endJob = (): void => {}

element('token', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  const input = element('token-value', HTMLInputElement)
  keepToken(input.value.trim())
  input.value = ''
  void enter()
})
element('again', HTMLButtonElement).addEventListener('click', () => {
  location.reload()
})
// An address with a new token, in a tab that has the page open already.
addEventListener('hashchange', () => void enter())
watchFileChoice(read)
void enter()

async function enter(): Promise<void> {
  endJob()
  const token = currentToken()
  if (token === undefined) {
    open('token')
    return
  }
  try {
    const streams = await listUploadStreams(server, token)
    showProblem(undefined)
    showFormats(streams)
    open('choose')
  } catch (error) {
    if (error instanceof TokenRefused) forgetToken()
    showProblem(error instanceof Error ? error.message : String(error))
    open('token')
  }
}

/** Shows these cards and no others. */
function open(...cards: readonly (typeof CARDS)[number][]): void {
  for (const card of CARDS) element(card, HTMLElement).hidden = !cards.includes(card)
}

function read(file: File): void {
  endJob()
  showProblem(undefined)
  showChosenFile(file)
  open('choose')
  announce(`Reading ${file.name}`)
  endJob = runJob({ kind: 'read', file }, (event) => {
    if (event.kind === 'failed') {
      endJob()
      open('choose')
      showProblem(event.message)
    } else if (event.kind === 'reading') showReading(file, event.reading)
  })
}

function showReading(file: File, reading: Reading): void {
  const { records, columns, unreadable, done } = reading
  open('choose', 'preview', 'send')
  showPreview(reading, file.size)
  const total = records + unreadable
  const button = element('send-button', HTMLButtonElement)
  button.disabled = !done || total === 0
  button.textContent = done ? `Send ${countText(total, 'record')}` : 'Reading the file'
  if (!done) {
    announceProgress(`Read ${countText(records, 'record')} so far`)
    return
  }
  endJob()
  announce(
    `Read ${countText(records, 'record')} with ${countText(columns.length, 'column')}. Choose a format and send.`,
  )
  element('send', HTMLFormElement).onsubmit = (event) => {
    event.preventDefault()
    send(file, { fields: columns }, total)
  }
}

function send(file: File, schema: Schema, total: number): void {
  const token = currentToken()
  if (token === undefined) {
    open('token')
    return
  }
  showProblem(undefined)
  let latest: Sending = { sent: 0, bytes: 0, acknowledged: 0, rejected: 0, reasons: [] }
  const title = element('progress-title', HTMLElement)
  const stop = element('stop', HTMLButtonElement)

  const broken = (message: string): void => {
    endJob()
    showProblem(message + consequenceOf(latest))
    title.textContent = 'Not finished'
    stop.hidden = true
    open('choose', 'preview', 'send', 'progress')
  }

  showProgress(latest, total)
  title.textContent = `Sending ${file.name}`
  stop.hidden = false
  stop.onclick = () => broken('You stopped the sending.')
  open('progress')
  title.focus()

  endJob = runJob(
    { kind: 'send', file, schema, server, stream: chosenStream(), token },
    (event) => {
      if (event.kind === 'failed') return broken(event.message)
      if (event.kind === 'reading') return
      latest = event.sending
      showProgress(latest, total)
      if (event.kind === 'sending') {
        if (latest.sent === total) title.textContent = 'Writing the files'
        announceProgress(`${countText(latest.acknowledged, 'record')} of ${total} acknowledged`)
        return
      }
      endJob()
      title.textContent = `Sent ${file.name}`
      stop.hidden = true
      showFiles(event.files)
      open('progress', 'files')
      element('files-title', HTMLElement).focus()
      announce(`Done: ${countText(event.files.length, 'file')} in the bucket`)
    },
  )
}

/** What a sender must know who is about to try again. */
function consequenceOf({ acknowledged, sent }: Sending): string {
  if (sent === 0) return ''
  const kept =
    acknowledged > 0
      ? `${countText(acknowledged, 'record')} had been acknowledged: they are kept, and so may be a request on its way.`
      : 'No record had been acknowledged, but a request on its way may be kept.'
  return ` ${kept} Sending the file again would keep those records twice.`
}
