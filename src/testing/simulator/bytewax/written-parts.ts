import type { Store } from '../../../contracts/index.ts'
import type { ModelFiles } from './model-files.ts'

/** What is written: its key, and its place in the input. */
export type Item = readonly [string, { readonly n: number; readonly pad?: string }]

/** What each partition is to hold, against what it does. Found by another road than the sink's: the routing's own definition. */
export class WrittenParts {
  readonly #expected: ReadonlyMap<string, readonly number[]>
  readonly #fail: (what: string) => void

  constructor(items: readonly Item[], count: number, fail: (what: string) => void) {
    this.#expected = expectedParts(items, count)
    this.#fail = fail
  }

  /** Each partition is the beginning of what it is to be, or, at the end, all of it; each file is where its name says. */
  async checkStore(store: Store, atEnd: boolean): Promise<void> {
    for (const [name, rows] of this.#expected) {
      const seen: number[] = []
      for await (const entry of store.list({ prefix: `out/${name}/` })) {
        if (entry.kind !== 'object') continue
        const begin = Number(/(\d{19})\.jsonl$/.exec(entry.key)?.[1])
        if (begin !== seen.length) this.#fail(`${entry.key} follows ${seen.length} records`)
        const text = await (await store.get(entry.key))?.text()
        seen.push(...this.#numbers(entry.key, text ?? ''))
      }
      const wanted = atEnd ? rows : rows.slice(0, seen.length)
      if (seen.join() !== wanted.join()) this.#fail(`${name} is ${seen}, and should be ${wanted}`)
    }
  }

  /** At the end: before that, a file may end with what is to be truncated. */
  checkFiles(files: ModelFiles): void {
    for (const [name, rows] of this.#expected) {
      const seen = this.#numbers(name, files.text(`./${name}`))
      if (seen.join() !== rows.join()) this.#fail(`${name} is ${seen}, and should be ${rows}`)
    }
  }

  #numbers(name: string, text: string): number[] {
    try {
      const lines = text.split('\n')
      if (lines.pop() !== '') throw new Error('It ends within a line')
      return lines.map((line) => JSON.parse(line).n)
    } catch (error) {
      this.#fail(`${name} cannot be read: ${(error as Error).message}`)
      return []
    }
  }
}

function expectedParts(
  items: readonly Item[],
  count: number,
): ReadonlyMap<string, readonly number[]> {
  const parts = new Map(Array.from({ length: count }, (_, i) => [`part_${i}`, [] as number[]]))
  for (const [key, row] of items) {
    let low = 1
    let high = 0
    for (const byte of new TextEncoder().encode(key)) {
      low = (low + byte) % 65_521
      high = (high + low) % 65_521
    }
    parts.get(`part_${(high * 65_536 + low) % count}`)?.push(row.n)
  }
  return parts
}
