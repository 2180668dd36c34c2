/** Finds where records end in text that comes in pieces. */
export interface RecordEnd {
  /** Whether a record ends in this text, which follows the text given before. The search stops there. */
  isIn(text: string): boolean
  /** The next text is the beginning of a record. */
  restart(): void
}

const FIELD_START = 0
const UNQUOTED = 1
const QUOTED = 2
/** Behind a quote within a quoted field: an escaped one, or the closing one. */
const QUOTE = 3
/** Spaces behind such a quote, which still closes the field if nothing else follows. */
const SPACE = 4

/**
 * Each character is looked at once, however often the text is asked about, so that a long record in small chunks is parsed
 * only when it is complete. Quotes are taken as Papa Parse takes them: one that is followed by anything but its own kind, a
 * delimiter or a line end (spaces between do not count) belongs to the field.
 */
export function recordEnd(delimiter: string): RecordEnd {
  let state = FIELD_START
  return {
    isIn(text) {
      for (let i = 0; i < text.length; i++) {
        if (state === QUOTED) {
          i = text.indexOf('"', i)
          if (i < 0) return false
          state = QUOTE
          continue
        }
        const unit = text[i] as string
        if (unit === '\n') return true
        if (unit === delimiter) state = FIELD_START
        else if (state === FIELD_START) state = unit === '"' ? QUOTED : UNQUOTED
        else if (state !== UNQUOTED) state = behindQuote(state, unit)
      }
      return false
    },
    restart() {
      state = FIELD_START
    },
  }
}

function behindQuote(state: number, unit: string): number {
  if (unit === '"') return state === QUOTE ? QUOTED : QUOTE
  return unit.trim() === '' ? SPACE : QUOTED
}
