import type { Lane, Row, Store } from '../../contracts/index.ts'
import { laneId } from '../../core/lane.ts'
import { rangesOf } from '../../core/receipt-id.ts'

export const STREAM = 's'

interface File {
  readonly lane: string
  readonly begin: number
  readonly end: number
  readonly rows: readonly Row[]
  readonly ids: readonly string[]
}

/** What a reader sees: the objects, or, where the stream has a manifest, those that it names. Each is looked at as it appears. */
export class VisibleFiles {
  readonly #fail: (what: string) => void
  readonly #manifest: boolean
  readonly #objects = new Map<string, File>()
  readonly #files = new Map<string, File>()
  /** Record → the file that it is visible in. */
  readonly #places = new Map<string, string>()
  readonly #refused = new Set<string>()

  constructor(manifest: boolean, fail: (what: string) => void) {
    this.#manifest = manifest
    this.#fail = fail
  }

  /** A write of which, as its error says, nothing was kept. */
  refuse(id: string): void {
    this.#refused.add(id)
  }

  has(id: string): boolean {
    return this.#places.has(id)
  }

  /** Whether there is a file of this key and range. */
  isFile(key: string, begin: number, end: number): boolean {
    const file = this.#files.get(key)
    return file?.begin === begin && file.end === end
  }

  idAt(lane: Lane, position: number): string | undefined {
    for (const { lane: word, begin, end, ids } of this.#files.values()) {
      if (word === laneId(lane) && begin <= position && position < end) return ids[position - begin]
    }
    return undefined
  }

  /** An object was made, or made again. */
  async appeared(key: string, store: Store): Promise<void> {
    const object = await store.get(key)
    const text = (await object?.text()) ?? ''
    if (key.startsWith(`${STREAM}/_log/`)) {
      if (!key.includes('/checkpoints/')) this.#entry(key, text)
    } else if (!key.endsWith('/.sluice-probe')) {
      this.#data(key, text, object?.metadata ?? {})
    }
  }

  /** Each lane's files follow one another without a gap. */
  checkLanes(): void {
    const ends = new Map<string, number>()
    const files = [...this.#files.values()].sort((a, b) => a.begin - b.begin)
    for (const { lane, begin, end } of files) {
      if ((ends.get(lane) ?? 0) !== begin) this.#fail(`lane "${lane}" has a gap before ${begin}`)
      ends.set(lane, end)
    }
  }

  /** A file is whole, and is never another one later. */
  #data(key: string, text: string, metadata: Readonly<Record<string, string>>): void {
    const lane = metadata['sluice-lane'] ?? ''
    const [begin, end] = [Number(metadata['sluice-begin']), Number(metadata['sluice-end'])]
    const rows = this.#rowsOf(key, text)
    const ids = rows.map(idOf)
    if (rows.length !== end - begin) this.#fail(`${key} has ${rows.length} records`)
    const before = this.#objects.get(key)
    if (before && String(before.ids) !== String(ids)) {
      this.#fail(`${key} was replaced by other records`)
    }
    const file = { lane, begin, end, rows, ids }
    this.#objects.set(key, file)
    // Dead letters are for people, and in no manifest.
    if (!this.#manifest || lane.endsWith(' rejected')) this.#expose(key, file)
  }

  #rowsOf(key: string, text: string): Row[] {
    try {
      const lines = text.split('\n')
      if (lines.pop() !== '') throw new Error('its last line has no end')
      return lines.map((line) => JSON.parse(line) as Row)
    } catch (error) {
      this.#fail(`${key} cannot be read: ${error}`)
      return []
    }
  }

  #entry(key: string, text: string): void {
    const { add, remove } = JSON.parse(text) as { add: { key: string }[]; remove: string[] }
    for (const removed of remove) {
      for (const id of this.#files.get(removed)?.ids ?? []) this.#places.delete(id)
      this.#files.delete(removed)
    }
    for (const added of add) {
      const file = this.#objects.get(added.key)
      if (file) this.#expose(added.key, file)
      else this.#fail(`${key} names ${added.key}, which is not there`)
    }
  }

  /** It holds nothing that another one holds, and everything is where it belongs. */
  #expose(key: string, file: File): void {
    const { lane, begin, end, ids, rows } = file
    for (const [other, its] of this.#files) {
      if (other === key || its.lane !== lane) continue
      if (its.begin < end && begin < its.end) this.#fail(`${key} overlaps ${other}`)
    }
    const [, partition] = lane.split(' ')
    for (const [i, id] of ids.entries()) {
      const place = this.#places.get(id)
      if (place !== undefined && place !== key) this.#fail(`${id} is in ${place} and in ${key}`)
      if (this.#refused.has(id)) this.#fail(`${id} was refused, and is visible`)
      this.#places.set(id, key)
      const { p, receipt } = rows[i] as { p?: string; receipt?: string }
      if (receipt === undefined && partition !== '' && partition !== `p=${p}`) {
        this.#fail(`${id}, which belongs to ${p}, is in ${key}`)
      }
      const [range] = receipt === undefined ? [] : rangesOf(receipt, STREAM)
      if (range && (laneId(range.lane) !== lane || range.begin !== begin + i)) {
        this.#fail(`the dead letter of ${id} has the receipt of another`)
      }
    }
    this.#files.set(key, file)
  }
}

/** A dead letter is known by the record that it holds. */
function idOf(row: Row): string {
  if (typeof row.raw !== 'string') return String(row.id)
  return /"id":"([^"]+)"/.exec(row.raw)?.[1] ?? row.raw
}
