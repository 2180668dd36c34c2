import type { CallOptions, ObjectInfo, Store } from '../../contracts/index.ts'
import { type LaneBegin, rangeInMetadata } from '../file-metadata.ts'
import { manifestPrefix } from '../manifest/keys.ts'
import { probeKey } from '../publish/probe.ts'
import { streamParser } from './name-parser.ts'

/** An object of a stream, and the records that it says it holds; `undefined` for one that says nothing. */
export interface StreamObject {
  readonly object: ObjectInfo
  readonly range: LaneBegin | undefined
}

export interface StreamObjectsOptions extends CallOptions {
  readonly store: Store
  readonly stream: string
  /** The template of the files' names. */
  readonly name: string
  readonly prefixes: readonly string[]
}

/** Objects whose names say nothing are asked for their metadata, so many at once. */
const ASKED_AT_ONCE = 8

/** What lies below the prefixes, but for the manifest and the sink's trial of the store; not in the order of the listing. Holds a few objects at a time. */
export async function* streamObjects(
  options: StreamObjectsOptions,
): AsyncGenerator<StreamObject, void, undefined> {
  const { store, stream, name, prefixes, signal } = options
  const parse = streamParser(stream, name)
  const log = manifestPrefix(stream)
  let silent: ObjectInfo[] = []
  const asked = async (): Promise<StreamObject[]> => {
    const some = silent
    silent = []
    const all = await Promise.all(some.map((object) => asking(options, object)))
    return all.filter((one) => one !== undefined)
  }
  for (const prefix of prefixes) {
    for await (const object of store.list({ prefix, signal })) {
      if (object.kind !== 'object' || object.key.startsWith(log)) continue
      if (object.key === probeKey(stream)) continue
      const range = parse(object.key)
      if (range) yield { object, range }
      else silent.push(object)
      if (silent.length === ASKED_AT_ONCE) yield* await asked()
    }
  }
  yield* await asked()
}

/** `undefined` for a file of another stream in its place: names that begin with no stream's own may lie among those of others. */
async function asking(
  { store, stream, signal }: StreamObjectsOptions,
  object: ObjectInfo,
): Promise<StreamObject | undefined> {
  const found = await store.head(object.key, { signal })
  const range = found && rangeInMetadata(found)
  if (range?.lane.stream === stream) return { object, range }
  return range && !object.key.startsWith(`${stream}/`) ? undefined : { object, range: undefined }
}
