import { SluiceError } from './errors.ts'

/** Of each member of a union. */
type NameOf<Options> = Options extends unknown ? keyof Options : never

/** The names of all options that there are: a record, so that the compiler wants each of them, and no other. */
export type OptionNames<Options> = Readonly<Record<NameOf<Options>, true>>

/**
 * Throws `invalid-options` for what is no object, and for a name that is none of `known`, which JavaScript would pass over in silence. `what` takes the options, and
 * `path` is where they lie in it (`rotate.`); the message holds no values.
 */
export function checkOptionNames(
  what: string,
  given: unknown,
  known: Readonly<Record<string, true>>,
  path = '',
): void {
  const names = Object.keys(known)
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const options = path === '' ? 'it' : path.slice(0, -1)
    throw refused(what, `${options} takes an object of options: ${names.join(', ')}`)
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue
    const shown = name.slice(0, 100)
    const near = names.filter((one) => isMeant(lettersOf(shown), lettersOf(one)))
    const hint = near.length > 0 ? near : names
    const there = `there ${hint.length > 1 ? 'are' : 'is'} ${hint.join(', ')}`
    throw refused(what, `there is no option "${path}${shown}"; ${there}`)
  }
}

/** Python's `file_path` has those of `filePath`. */
function lettersOf(name: string): string {
  return name.replaceAll('_', '').toLowerCase()
}

function isMeant(given: string, known: string): boolean {
  return known.startsWith(given) || isNear(given, known, given.length < 6 ? 1 : 2)
}

/** Whether one becomes the other by so many letters that are put in, left out or replaced. */
function isNear(one: string, other: string, edits: number): boolean {
  if (one === other) return true
  if (edits === 0) return false
  let at = 0
  while (one[at] === other[at]) at++
  const [a, b] = [one.slice(at), other.slice(at)]
  const [restA, restB] = [a.slice(1), b.slice(1)]
  return [[restA, b] as const, [a, restB] as const, [restA, restB] as const].some(([x, y]) =>
    isNear(x, y, edits - 1),
  )
}

function refused(what: string, why: string): SluiceError {
  return new SluiceError('invalid-options', `${what}: ${why}`)
}
