import type { DeadLetter, Encoding, Format, Refused } from '../contracts/index.ts'
import { utf8 } from '../core/bytes.ts'

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

/** Of what `judge` has bounded. */
export function deadLetter(refused: Refused, atMs: number): DeadLetter {
  const { code, path, message, raw } = refused
  return { code, path, message, at: new Date(atMs).toISOString(), raw }
}
