import { element } from './element.ts'

/** How often a screen reader is told of progress: often enough to know it lives, seldom enough to listen to. */
const QUIET_MS = 5000
let lastAt = 0

/** Says it to a screen reader; the eye sees it elsewhere. */
export function announce(text: string): void {
  lastAt = performance.now()
  element('status', HTMLElement).textContent = text
}

/** The same for steps on the way, of which some may be left out. */
export function announceProgress(text: string): void {
  if (performance.now() - lastAt >= QUIET_MS) announce(text)
}

/** What went wrong, above everything else; `undefined` takes it away. */
export function showProblem(message: string | undefined): void {
  const notice = element('notice', HTMLElement)
  notice.textContent = message ?? ''
  notice.hidden = message === undefined
  if (message !== undefined) notice.scrollIntoView({ block: 'nearest' })
}
