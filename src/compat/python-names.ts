import { SluiceError } from '../core/errors.ts'

/**
 * Refuses options that are written as in Python, of which nothing would become in silence: another identity or server than was meant would be
 * taken from the environment. `what` takes them: for the message, which holds no values.
 */
export function refusePythonNames(what: string, options: object): void {
  const name = Object.keys(options).find((each) => each.includes('_'))
  if (name === undefined) return
  const here = name.replace(/_+([^_])/g, (_, letter: string) => letter.toUpperCase())
  const message = `${what}: there is no option "${name.slice(0, 100)}"; in TypeScript it would be ${here.slice(0, 100)}`
  throw new SluiceError('invalid-options', message)
}
