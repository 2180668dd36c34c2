import type { SinkWriteOptions } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'

/** Refuses with `invalid-options`, by name, what TypeScript would, before anything of the write is looked at. */
export function checkWriteOptions(options: SinkWriteOptions): void {
  if (!isObject(options)) throw refused('options are { producer, refused, signal }')
  const { producer, refused: list } = options
  if (producer !== undefined && !isProducer(producer)) {
    throw refused(
      'producer has an id of 1 to 200 characters, and an epoch and a seq that are whole numbers from 0',
    )
  }
  if (list !== undefined && !(Array.isArray(list) && list.every(isRefused))) {
    throw refused('refused is a list of { index, code, path, message, raw }')
  }
}

function isProducer(given: unknown): boolean {
  if (!isObject(given)) return false
  const { id, epoch, seq } = given
  return isText(id) && id !== '' && id.length <= 200 && isCount(epoch) && isCount(seq)
}

function isRefused(given: unknown): boolean {
  if (!isObject(given)) return false
  const { index, code, path, message, raw, exact = null } = given
  return (
    isCount(index) && [code, path, message, raw].every(isText) && (exact === null || isText(exact))
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function refused(why: string): SluiceError {
  return new SluiceError('invalid-options', `write(): ${why}`)
}
