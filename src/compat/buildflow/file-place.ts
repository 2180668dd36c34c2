import { SluiceError } from '../../core/errors.ts'
import { checkKey } from '../../core/keys.ts'

/** Where the files of a `filePath` go. */
export interface FilePlace {
  /** What lies before the last slash, with it; `''` is the bucket. */
  readonly folder: string
  /** The beginning of each file's name in it. */
  readonly name: string
  /** What the sink calls its stream: the folder of its dead letters. */
  readonly stream: string
}

const MAX_STREAM_LENGTH = 200

/** Errors: `invalid-options`, `invalid-key`. */
export function filePlace(filePath: string): FilePlace {
  const fault = faultOf(filePath)
  if (fault) {
    throw new SluiceError('invalid-options', `filePath ${JSON.stringify(filePath)} ${fault}`)
  }
  checkKey(filePath)
  const folder = filePath.slice(0, filePath.lastIndexOf('/') + 1)
  const name = filePath.slice(folder.length)
  const stream = name.replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, MAX_STREAM_LENGTH)
  return { folder, name, stream }
}

function faultOf(filePath: string): string | undefined {
  if (typeof filePath !== 'string') return 'is no text'
  // BuildFlow joins paths as a file system does, so that this one replaces the bucket's name.
  if (filePath.startsWith('/')) return 'begins with a slash: it is a path within the bucket'
  if (/(^|\/)$/.test(filePath)) return 'names a folder and no file'
  if (/[{}]/.test(filePath)) return 'holds a brace, which the name of a file cannot hold'
  return undefined
}
