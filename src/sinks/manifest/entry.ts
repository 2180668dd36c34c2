import type { Bytes, CallOptions, Store } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { fileFields, MAX_ENTRY_BYTES, manifestBytes, readManifestObject } from './json.ts'
import { entryKey } from './keys.ts'
import type { ManifestFile } from './manifest.ts'

/** What an entry changes. All of it at once, for every reader. */
export interface Change {
  readonly add: readonly ManifestFile[]
  /** Keys that are named no longer. */
  readonly remove: readonly string[]
  /** Removed keys whose objects have been deleted. */
  readonly forget: readonly string[]
}

/** One entry of the log, under a number of its own. Written once, and never changed. */
export interface Entry extends Change {
  readonly number: number
  /** Random: tells a writer whether the entry that it finds is its own. */
  readonly id: string
  readonly writer: string
  /** Of that writer. A higher one fences those with a lower one out. */
  readonly epoch: number
}

/** Throws `too-large` for more than one entry can hold. */
export function entryBytes(entry: Entry): Bytes {
  const { add, ...rest } = entry
  const bytes = manifestBytes({ ...rest, add: add.map(fileFields) })
  if (bytes.byteLength <= MAX_ENTRY_BYTES) return bytes
  throw new SluiceError(
    'too-large',
    `${add.length} added and ${entry.remove.length} removed files make an entry of ${bytes.byteLength} bytes; at most ${MAX_ENTRY_BYTES} are read again`,
  )
}

/** `undefined` when nobody has written that one yet. */
export async function readEntry(
  store: Store,
  stream: string,
  number: number,
  options: CallOptions,
): Promise<Entry | undefined> {
  const key = entryKey(stream, number)
  const fields = await readManifestObject(store, key, MAX_ENTRY_BYTES, options)
  if (!fields) return undefined
  if (fields.count('number') !== number) {
    throw new SluiceError('protocol', `"${key}" is the copy of another entry`, { key })
  }
  return {
    number,
    id: fields.text('id'),
    writer: fields.text('writer'),
    epoch: fields.count('epoch'),
    add: fields.objects('add').map((file) => file.file(stream)),
    remove: fields.texts('remove'),
    forget: fields.texts('forget'),
  }
}
