import type { DeadLetter, Encoding, Format, Lane, Refused } from '../../contracts/index.ts'
import { utf8 } from '../../core/bytes.ts'
import { receiptId } from '../../core/receipt-id.ts'

/**
 * Dead letters are JSON lines, whatever the stream's own format: they must hold what that format could not. Their
 * fields are texts, so this needs nothing of the formats room.
 */
export const deadLetterFormat: Format<DeadLetter> = {
  extension: 'jsonl',
  contentType: 'application/x-ndjson',
  check: () => undefined,
  encoder: () => ({
    bufferedBytes: 0,
    headBytes: 0,
    write: (letters) => [
      utf8([...letters].map((letter) => `${JSON.stringify(letter)}\n`).join('')),
    ],
    close: () => ({ chunks: [] }),
  }),
}

/** The columns are given, though JSON lines need none, so that no file of dead letters is read twice to infer them. */
export const deadLetterEncoding: Encoding = {
  format: deadLetterFormat.extension,
  schema: { fields: [] },
}

/** Of what `judge` has bounded. Its receipt is known once the log has given it a position. */
export function deadLetter(refused: Refused, atMs: number): Omit<DeadLetter, 'receipt'> {
  const { code, path, message, raw, exact } = refused
  const at = new Date(atMs).toISOString()
  return { error: code, message, path, at, raw, ...(exact !== undefined && { exact }) }
}

/** Adds to the letters that begin at `position` of their lane the receipts that answer for them. */
export function withReceipts(
  lane: Lane,
  position: number,
  letters: readonly Omit<DeadLetter, 'receipt'>[],
): DeadLetter[] {
  return letters.map((letter, i) => {
    const begin = position + i
    return { ...letter, receipt: receiptId([{ lane, begin, end: begin + 1 }]) }
  })
}
