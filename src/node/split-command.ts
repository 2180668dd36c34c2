import { SluiceError } from '../core/errors.ts'

/**
 * The words of a command line as AWS defines them for `credential_process`: white space parts them, quotes keep it in
 * them. A backslash takes the next character as it is, but on Windows, where it parts folders. Nothing is expanded: no `~`,
 * no variables, and no shell ever sees it.
 *
 * Errors: `invalid-options` for a quote that is not closed, and for no word at all. The line is not repeated.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
export function splitCommand(line: string, windows: boolean): [string, ...string[]] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let i = 0; i < line.length; i++) {
    const character = line[i] as string
    const escapes =
      !windows &&
      character === '\\' &&
      (quote === '' || (quote === '"' && /["\\]/.test(line[i + 1] ?? '')))
    if (escapes) word = (word ?? '') + (line[++i] ?? '')
    else if (quote !== '' && character === quote) quote = ''
    else if (quote === '' && (character === '"' || (character === "'" && !windows))) {
      quote = character
      word ??= ''
    } else if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + character
  }
  if (word !== undefined) words.push(word)
  const [first, ...rest] = words
  if (quote === '' && first) return [first, ...rest]
  throw new SluiceError(
    'invalid-options',
    quote === ''
      ? 'credential_process names no command'
      : 'credential_process has a quote that is not closed',
  )
}
