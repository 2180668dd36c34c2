import { SluiceError } from '../../core/errors.ts'
import { readItems, readKey, readValue } from '../../formats/msglc/codecs/read-value.ts'
import type { TokenReader } from '../../formats/msglc/codecs/token-reader.ts'
import { mapOf } from './maps.ts'
import type { Step } from './value-windows.ts'

interface ListFrame {
  readonly key: unknown
  readonly runs: unknown[][]
  readonly pairs?: undefined
}

interface MapFrame {
  readonly key: unknown
  readonly pairs: [unknown, unknown][]
  readonly runs?: undefined
}

/** Makes a value out of what is decoded bit by bit: the lists and maps that are open, and what they have so far. */
export class ValueBuilder {
  readonly #open: (ListFrame | MapFrame)[] = []
  readonly #depth: number

  /** `isHeadless` for the items of a list without its head; `depth` for how many lists and maps the value lies in. */
  constructor(isHeadless: boolean, depth: number) {
    this.#depth = depth
    if (isHeadless) this.#open.push({ key: undefined, runs: [] })
  }

  take(from: TokenReader, steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.does === 'open') this.#begin(from, step.count)
      else if (step.does === 'values') this.#values(from, step.count)
      else this.#end()
    }
  }

  /** When all was taken. */
  get result(): unknown {
    const [frame] = this.#open
    return frame && finished(frame)
  }

  #begin(from: TokenReader, count: number): void {
    const key = this.#open.at(-1)?.pairs && readKey(from)
    from.next(true)
    const { kind } = from
    if ((kind !== 'list' && kind !== 'map') || from.count !== count) {
      throw new SluiceError(
        'protocol',
        `The table of contents has ${count} values where others are`,
      )
    }
    this.#open.push(kind === 'list' ? { key, runs: [] } : { key, pairs: [] })
  }

  #values(from: TokenReader, count: number): void {
    const depth = this.#depth + this.#open.length + 1
    const frame = this.#open.at(-1) as ListFrame | MapFrame
    if (frame.runs) frame.runs.push(readItems(from, count, depth))
    else {
      for (let left = count; left > 0; left--) {
        frame.pairs.push([readKey(from, depth), readValue(from, depth)])
      }
    }
  }

  #end(): void {
    const frame = this.#open.pop() as ListFrame | MapFrame
    const value = finished(frame)
    const parent = this.#open.at(-1) as ListFrame | MapFrame
    if (parent.runs) parent.runs.push([value])
    else parent.pairs.push([frame.key, value])
  }
}

function finished(frame: ListFrame | MapFrame): unknown {
  // Unlike `flat`, it copies arrays of doubles as they are.
  return frame.runs ? ([] as unknown[]).concat(...frame.runs) : mapOf(frame.pairs)
}
