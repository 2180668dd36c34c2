import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { compareKeys } from '../../core/keys.ts'
import {
  addressText,
  type BucketAddress,
  type BucketOptions,
  openBucket,
  parseAddress,
} from '../address.ts'
import { fileError, notFound } from '../file-error.ts'
import { type CliIo, oneLine, print } from '../io.ts'

export interface LsOptions extends BucketOptions {
  readonly recursive?: boolean | undefined
}

/** One line. A folder has a name only, which ends in a slash. */
interface Entry {
  readonly name: string
  readonly changed?: Date
  readonly sizeBytes?: number
}

/**
 * Lists what begins with an address: for a bucket the keys that begin with the address's key, for a local path what lies
 * in the folder. One line each: when it was changed, its size in bytes, its name.
 */
export async function ls(text: string, options: LsOptions, io: CliIo): Promise<void> {
  const address = parseAddress(text)
  const entries =
    address.kind === 's3'
      ? bucketEntries(address, options, io)
      : localEntries(address.path, options.recursive ?? false)
  for await (const entry of entries) await print(io.stdout, lineOf(entry))
}

async function* bucketEntries(
  address: BucketAddress,
  options: LsOptions,
  io: CliIo,
): AsyncGenerator<Entry, void, undefined> {
  const store = openBucket(address, io, options)
  const delimiter = options.recursive ? undefined : '/'
  let found = false
  for await (const entry of store.list({ prefix: address.key, delimiter, signal: io.signal })) {
    found = true
    yield entry.kind === 'prefix'
      ? { name: entry.prefix }
      : { name: entry.key, changed: entry.lastModified, sizeBytes: entry.sizeBytes }
  }
  // An empty bucket is nothing wrong; a name that nothing begins with probably is.
  if (!found && address.key !== '')
    throw notFound(`object that begins with ${addressText(address)}`)
}

async function* localEntries(
  path: string,
  recursive: boolean,
): AsyncGenerator<Entry, void, undefined> {
  const info = await stat(path).catch((error: unknown) => {
    throw fileError(error, 'Reading', path)
  })
  if (info.isDirectory()) yield* folderEntries(path, '', recursive)
  else yield { name: path, changed: info.mtime, sizeBytes: info.size }
}

async function* folderEntries(
  root: string,
  prefix: string,
  recursive: boolean,
): AsyncGenerator<Entry, void, undefined> {
  const folder = join(root, prefix)
  const inside = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw fileError(error, 'Reading', folder)
  })
  // Folders in the place that their slash gives them, as a bucket lists them. A link is listed as what it leads to, but
  // not followed: it may lead back up.
  const names = inside.map((entry) => prefix + entry.name + (entry.isDirectory() ? '/' : ''))
  for (const name of names.sort(compareKeys)) {
    if (!name.endsWith('/')) {
      const info = await stat(join(root, name)).catch(() => undefined)
      // Gone since, or a link to nowhere.
      if (info) yield { name, changed: info.mtime, sizeBytes: info.size }
    } else if (recursive) yield* folderEntries(root, name, recursive)
    else yield { name }
  }
}

function lineOf({ name, changed, sizeBytes }: Entry): string {
  const when = changed?.toISOString().replace(/\.\d+Z$/, 'Z') ?? ''
  return `${when.padEnd(20)}  ${String(sizeBytes ?? '').padStart(12)}  ${oneLine(name)}\n`
}
