import { SluiceError } from './errors.ts'

/** The error of a key as another layer calls it, in its message, too. It has the first as its cause. */
export function renamedKey(error: SluiceError, key: string, by: string): SluiceError {
  const { code, message, ...details } = error
  const renamed = error.key === undefined ? undefined : by
  const said = replaceQuoted(message, key, by)
  return new SluiceError(code, said, { ...details, key: renamed, cause: error })
}

/** Messages quote a key as it is, or as JSON and cut to 200 characters. */
function replaceQuoted(message: string, key: string, by: string): string {
  const asJson = (text: string): string => JSON.stringify(text.slice(0, 200))
  return message.replaceAll(`"${key}"`, () => `"${by}"`).replaceAll(asJson(key), () => asJson(by))
}
