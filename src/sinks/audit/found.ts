/** Keys, as many as are worth reading; the rest are counted. */
export interface FoundKeys {
  readonly count: number
  /** The first 1,000. */
  readonly keys: readonly string[]
}

const MAX_KEYS = 1000

export class Found implements FoundKeys {
  count = 0
  readonly keys: string[] = []

  add(key: string): void {
    this.count++
    if (this.keys.length < MAX_KEYS) this.keys.push(key)
  }
}
