import { Unread } from '../../formats/msglc/unread.ts'
import type { ParentPlace } from './file-reader.ts'
import { iterateParts } from './iterate.ts'
import { entriesOf, isMap } from './maps.ts'
import { ofObject, withKey } from './of-object.ts'
import { type Path, stepsOf } from './path.ts'
import { type BlocksPlace, Nowhere, type Place, refuse } from './place.ts'
import type { RawFile } from './raw-file.ts'
import type { ValueAt } from './value-at.ts'
import { opened, resolved, wholeValue } from './values.ts'
import { childrenKind, readStep, walk } from './walk.ts'

/**
 * A value that lies in a file and is read as far as it is asked for. Values come as new objects each time: what the caller does to them changes
 * nothing here. Lists are arrays; maps are objects, or `Map`s where some key is no text.
 *
 * Errors of all methods: `not-found` for a path that leads nowhere; `invalid-options` for a step that a list does not have;
 * `protocol`, with the object's key and the place as a JSON Pointer, for what is damaged; the store's, of which `precondition-failed` says that
 * the object was replaced.
 */
export interface LazyNode<T = unknown> extends AsyncIterable<unknown> {
  /** Where it lies, as an RFC 6901 JSON Pointer. */
  readonly path: string
  /** The value there, whole. With a slice as the last step, a list of what it means. */
  read<const P extends Path>(path: P): Promise<ValueAt<T, P>>
  /** The place there, without its value: for going on from it. */
  visit<const P extends Path>(path: P): Promise<LazyNode<ValueAt<T, P>>>
  /** All of it. */
  toObject(): Promise<T>
  kind(): Promise<'list' | 'map' | 'value'>
  /** Of a list or a map: how many. `invalid-options` for any other value. */
  length(): Promise<number>
  /** Of a map, in the file's order. `invalid-options` for any other value. */
  keys(): Promise<readonly unknown[]>
  /**
   * Whether the path leads somewhere: `false` also where it cannot, as a name in a list or a slice as text does not. A slice as a step is
   * `invalid-options` here, too. Reads no more than it must to know.
   */
  has(path: Path): Promise<boolean>
  /**
   * A list's items, or a map's pairs, read a window at a time: of 64 KiB at first, and of 4 MiB in the end, one of them ahead. Larger items,
   * and an archive's files, are read when their turn comes. Each loop is its own.
   */
  [Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined>
  /** The bytes of the file that this is the value of: the outermost one, or one in an archive. `invalid-options` for any other value. */
  raw(): Promise<RawFile>
}

export class NodeReader extends Unread implements LazyNode {
  readonly #place: Place
  /** Of the object, where it is one. */
  readonly #key: string | undefined

  constructor(place: Place, key: string | undefined) {
    super()
    this.#place = place
    this.#key = key
  }

  get path(): string {
    return this.#place.path
  }

  read<const P extends Path>(path: P): Promise<ValueAt<unknown, P>> {
    return this.#reading(async () => {
      const steps = stepsOf(path)
      const last = steps.at(-1)
      const place = await walk(this.#place, steps.slice(0, -1))
      const value = last === undefined ? await wholeValue(place) : await readStep(place, last)
      return value as ValueAt<unknown, P>
    })
  }

  visit<const P extends Path>(path: P): Promise<LazyNode<ValueAt<unknown, P>>> {
    return this.#reading(async () => {
      const place = await walk(this.#place, stepsOf(path))
      return new NodeReader(place, this.#key) as LazyNode<ValueAt<unknown, P>>
    })
  }

  toObject(): Promise<unknown> {
    return this.#reading(() => wholeValue(this.#place))
  }

  async opened(): Promise<NodeReader> {
    return new NodeReader(await this.#opened(), this.#key)
  }

  async kind(): Promise<'list' | 'map' | 'value'> {
    const place = await this.#opened()
    if (!('value' in place)) return childrenKind(place.node)
    const { value } = place
    if (Array.isArray(value)) return 'list'
    return isMap(value) ? 'map' : 'value'
  }

  async length(): Promise<number> {
    const place = await this.#opened()
    if ('value' in place) {
      const { value } = place
      if (Array.isArray(value)) return value.length
      return isMap(value) ? entriesOf(value).length : refuse(place, 'is no list or map')
    }
    const { node } = place
    return node.kind === 'blocks'
      ? node.length
      : (node as ParentPlace['node']).children.offsets.length
  }

  async keys(): Promise<readonly unknown[]> {
    const place = await this.#opened()
    if ('value' in place) {
      const { value } = place
      return isMap(value) ? entriesOf(value).map(([key]) => key) : refuse(place, 'is no map')
    }
    const keys = 'children' in place.node ? place.node.children.keys : undefined
    return keys ? [...keys] : refuse(place, 'is no map')
  }

  async has(path: Path): Promise<boolean> {
    try {
      await this.#reading(() => walk(this.#place, stepsOf(path)))
      return true
    } catch (error) {
      if (error instanceof Nowhere) return false
      throw error
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    const place = await this.#opened()
    try {
      if ('value' in place) {
        const { value } = place
        if (Array.isArray(value)) yield* value
        else if (isMap(value)) yield* entriesOf(value)
        else refuse(place, 'is no list or map')
      } else yield* iterateParts(place as BlocksPlace | ParentPlace)
    } catch (error) {
      throw withKey(this.#key, error)
    }
  }

  async raw(): Promise<RawFile> {
    const place = await this.#reading(() => resolved(this.#place))
    if ('value' in place || !place.isRoot) return refuse(place, 'is no file of its own')
    return place.file.raw()
  }

  #opened(): Promise<Place> {
    return this.#reading(() => opened(this.#place))
  }

  #reading<R>(work: () => Promise<R>): Promise<R> {
    return ofObject(this.#key, work)
  }
}
