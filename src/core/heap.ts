/** Things of which the first one is at hand, whatever was added in which order: adding and taking cost the logarithm of their number. */
export class Heap<T> {
  readonly #isBefore: (a: T, b: T) => boolean
  /** Each is before the two at twice its place, plus one and plus two. */
  #items: T[] = []

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore
  }

  get first(): T | undefined {
    return this.#items[0]
  }

  add(item: T): void {
    let at = this.#items.length
    this.#items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(item, this.#items[parent] as T)) break
      this.#swap(at, parent)
      at = parent
    }
  }

  /** Takes the first one out. */
  take(): T | undefined {
    const first = this.#items[0]
    const last = this.#items.pop() as T
    if (this.#items.length > 0) {
      this.#items[0] = last
      this.#sink()
    }
    return first
  }

  /** Call it when what decides the order has changed. */
  sort(): void {
    const items = this.#items
    this.#items = []
    for (const item of items) this.add(item)
  }

  #sink(): void {
    const items = this.#items
    for (let at = 0; ; ) {
      let first = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child >= items.length) break
        if (this.#isBefore(items[child] as T, items[first] as T)) first = child
      }
      if (first === at) return
      this.#swap(at, first)
      at = first
    }
  }

  #swap(a: number, b: number): void {
    const item = this.#items[a] as T
    this.#items[a] = this.#items[b] as T
    this.#items[b] = item
  }
}
