import type { Lane, Row, Store } from '../../contracts/index.ts'
import { laneId } from '../../core/lane.ts'
import { rangesOf } from '../../core/receipt-id.ts'
import { GROUP } from './gathered.ts'

export const STREAM = 's'

/** What a file holds of a lane, by its word. */
export interface Held {
  readonly key: string
  readonly lane: string
  readonly begin: number
  readonly end: number
  /** Whether its object does not say where it ends. */
  readonly endless: boolean
}

interface File extends Held {
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
  /** Every file that was ever visible. */
  readonly #shown = new Map<string, File>()
  /** Those that the manifest has removed, and not forgotten. */
  readonly #removed = new Set<string>()

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

  /** What readers see. */
  get visible(): readonly Held[] {
    return [...this.#files.values()]
  }

  /** What they have ever seen. */
  get shown(): readonly Held[] {
    return [...this.#shown.values()]
  }

  /** How many of those are there that the manifest names no longer, and has not forgotten. */
  get removed(): number {
    return [...this.#removed].filter((key) => this.#objects.has(key)).length
  }

  /** The files that nobody sees, and nobody will delete. */
  get orphans(): readonly string[] {
    return [...this.#objects.keys()].filter(
      (key) => !this.#files.has(key) && !this.#removed.has(key),
    )
  }

  /** Whether there is a file of this key and range, or was, and another one has its records. */
  isFile(key: string, begin: number, end: number): boolean {
    const file = this.#shown.get(key)
    if (file?.begin !== begin || file.end !== end) return false
    return this.#files.has(key) || file.ids.every((id) => this.#places.has(id))
  }

  idAt(lane: Lane, position: number): string | undefined {
    for (const { lane: word, begin, end, ids } of this.#files.values()) {
      if (word === laneId(lane) && begin <= position && position < end) return ids[position - begin]
    }
    return undefined
  }

  /** An object was made, or made again. Answers whether it is a manifest's entry that names files. */
  async appeared(key: string, store: Store): Promise<boolean> {
    const object = await store.get(key)
    const text = (await object?.text()) ?? ''
    if (key.startsWith(`${STREAM}/_log/`)) {
      return !key.includes('/checkpoints/') && this.#entry(key, text)
    }
    if (!key.endsWith('/.sluice-probe')) this.#data(key, text, object?.metadata ?? {})
    return false
  }

  /** Objects were deleted. */
  vanished(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.#files.has(key)) this.#fail(`${key} was deleted, and readers look for it`)
      this.#objects.delete(key)
    }
  }

  /** The lanes of several files, but for those of dead letters. */
  get several(): readonly string[] {
    const lanes = this.visible.map(({ lane }) => lane).filter((lane) => !lane.endsWith(' rejected'))
    return lanes.filter((lane, i) => lanes.indexOf(lane) !== i)
  }

  /** Each lane's files follow one another without a gap, but for positions that may be missing. */
  checkLanes(mayMiss: (lane: string, position: number) => boolean): void {
    const ends = new Map<string, number>()
    const files = [...this.#files.values()].sort((a, b) => a.begin - b.begin)
    for (const { lane, begin, end } of files) {
      for (let at = ends.get(lane) ?? 0; at < begin; at++) {
        if (!mayMiss(lane, at)) this.#fail(`lane "${lane}" has a gap before ${begin}`)
      }
      ends.set(lane, end)
    }
  }

  /** A file is whole, and is never another one later. */
  #data(key: string, text: string, metadata: Readonly<Record<string, string>>): void {
    const lane = metadata['sluice-lane'] ?? ''
    const begin = Number(metadata['sluice-begin'])
    const rows = this.#rowsOf(key, text)
    const ids = rows.map(idOf)
    // It was begun before that was known.
    const endless = metadata['sluice-end'] === undefined
    const end = endless ? begin + rows.length : Number(metadata['sluice-end'])
    if (rows.length !== end - begin) this.#fail(`${key} has ${rows.length} records`)
    const before = this.#objects.get(key)
    if (before && String(before.ids) !== String(ids)) {
      this.#fail(`${key} was replaced by other records`)
    }
    const file = { key, lane, begin, end, endless, rows, ids }
    this.#objects.set(key, file)
    // Dead letters are for people, and in no manifest.
    if (!this.#manifest || lane.endsWith(' rejected')) this.#expose(key, file)
  }

  #rowsOf(key: string, text: string): Row[] {
    try {
      const all = text.split('\n')
      if (all.pop() !== '') throw new Error('its last line has no end')
      const lines = all.filter((line) => !line.startsWith(GROUP))
      if (key.endsWith('.csv')) return rowsOfCsv(lines)
      return lines.map((line) => JSON.parse(line) as Row)
    } catch (error) {
      this.#fail(`${key} cannot be read: ${error}`)
      return []
    }
  }

  #entry(key: string, text: string): boolean {
    const { add, remove, forget } = JSON.parse(text) as {
      add: { key: string }[]
      remove: string[]
      forget: string[]
    }
    for (const removed of remove) {
      for (const id of this.#files.get(removed)?.ids ?? []) this.#places.delete(id)
      this.#files.delete(removed)
      this.#removed.add(removed)
    }
    for (const key of forget) this.#removed.delete(key)
    for (const added of add) {
      const file = this.#objects.get(added.key)
      if (file) this.#expose(added.key, file)
      else this.#fail(`${key} names ${added.key}, which is not there`)
    }
    return add.length > 0
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
    this.#shown.set(key, file)
  }
}

/** A dead letter is known by the record that it holds. */
function idOf(row: Row): string {
  if (typeof row.raw !== 'string') return String(row.id)
  return /"id":"([^"]+)"/.exec(row.raw)?.[1] ?? row.raw
}

/** Of records whose text needs no quotes, unless it is empty. Each line has as many fields as the first. */
function rowsOfCsv([header = '', ...lines]: readonly string[]): Row[] {
  const names = header.split(',')
  return lines.map((line) => {
    const fields = line.split(',')
    if (fields.length !== names.length) throw new Error(`"${line}" is not of ${names}`)
    return Object.fromEntries(names.map((name, i) => [name, fields[i]]))
  })
}
