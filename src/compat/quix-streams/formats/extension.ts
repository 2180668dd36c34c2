import { SluiceError } from '../../../core/errors.ts'

/** Between the offset and what follows it there is a dot: by it a name is known as one of a sink's. */
export function checkExtension(extension: unknown): void {
  if (typeof extension === 'string' && /^(\.[A-Za-z0-9_-]+)+$/.test(extension)) return
  const message = `A file's extension is such as ".jsonl.gz", not ${JSON.stringify(extension)}`
  throw new SluiceError('invalid-options', message)
}
