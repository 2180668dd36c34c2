import { isDeadLetter } from '../dead-letters/lane.ts'
import type { Queued } from './publish-queue.ts'

interface Group {
  /** How many of its files are still to be written. Dead letters are waited for by nobody. */
  missing: number
  readonly stored: Queued[]
}

/**
 * What an entry of the manifest may name: files that are stored, and of whose group no other is still to be written. Those of a run wait
 * for its end, and a file without a group waits for none.
 */
export class Naming {
  readonly #ready = new Set<Queued>()
  /** The place of the file that was queued last: now, and when the first of these was ready. */
  #last = -1
  #waitsUntil = -1
  readonly #groups = new Map<number, Group>()
  #count = 0
  #gathering: number | undefined

  /** The group of what is queued now. */
  get gathering(): number | undefined {
    return this.#gathering
  }

  newGroup(): number {
    return this.#count++
  }

  /** What is queued until the answer is called is of one group. */
  gather(): () => void {
    const group = this.newGroup()
    this.#gathering = group
    return () => {
      this.#gathering = undefined
      this.#release(group)
    }
  }

  get first(): Queued | undefined {
    const [first] = this.#ready
    return first
  }

  /** All that the next entry names. */
  get all(): readonly Queued[] {
    return [...this.#ready]
  }

  /** Whether this one is waited for: it was queued before. What comes all the time does not keep what is stored from being named. */
  waitsFor({ order }: Queued): boolean {
    return order <= this.#waitsUntil
  }

  added({ file, group, order }: Queued): void {
    this.#last = order
    if (group === undefined || isDeadLetter(file.lane)) return
    const known = this.#groups.get(group)
    if (known) known.missing++
    else this.#groups.set(group, { missing: 1, stored: [] })
  }

  stored(item: Queued): void {
    const group = this.#groupOf(item)
    if (item.file.run === undefined) {
      if (group) group.stored.push(item)
      else this.#makeReady(item)
    }
    this.#written(item)
  }

  /** It is visible. Without a manifest it was never stored before. */
  done(item: Queued): void {
    if (!item.isWritten) this.#written(item)
    if (this.#ready.delete(item)) this.#waitsUntil = this.#last
  }

  #written(item: Queued): void {
    const group = this.#groupOf(item)
    if (!group) return
    group.missing--
    this.#release(item.group as number)
  }

  #release(number: number): void {
    const group = this.#groups.get(number)
    if (!group || group.missing > 0 || number === this.#gathering) return
    this.#groups.delete(number)
    for (const item of group.stored) this.#makeReady(item)
  }

  #makeReady(item: Queued): void {
    if (this.#ready.size === 0) this.#waitsUntil = this.#last
    this.#ready.add(item)
  }

  #groupOf({ file, group }: Queued): Group | undefined {
    return group === undefined || isDeadLetter(file.lane) ? undefined : this.#groups.get(group)
  }
}

/** Whether it waits for the end of its run. */
export function isOfRun({ file, isWritten }: Queued): boolean {
  return isWritten && file.run !== undefined
}
