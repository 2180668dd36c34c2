import type {
  FixedPartitionedSink,
  SinkSource,
  StatefulSinkPartition,
} from '../../../src/compat/bytewax/index.ts'

export type Keyed = readonly [string, string]

/** What ends a list before its end, as Bytewax's `TestingSource.ABORT` does. */
export const ABORT = Symbol('abort')

/** A list that is read from where an execution was, some items at a time. */
export function listSource<X>(
  items: readonly (X | typeof ABORT)[],
  batchItems = 1,
): SinkSource<X, number> {
  return (position = 0) => {
    let at = position
    return {
      nextBatch() {
        if (at >= items.length) return undefined
        const batch = items.slice(at, at + batchItems)
        const aborts = batch.indexOf(ABORT)
        if (aborts === 0) throw new Error('The execution is aborted')
        const taken = (aborts > 0 ? batch.slice(0, aborts) : batch) as X[]
        at += taken.length
        return taken
      },
      snapshot: () => at,
    }
  }
}

/** A sink over arrays, which stand for files: each is cut where the state says. It tells everything that is asked of it. */
export class ArraySink implements FixedPartitionedSink<string, number> {
  readonly calls: string[] = []
  readonly #parts: readonly (readonly string[])[]
  readonly #outputs: Map<string, string[]>

  /** The partitions that each worker lists; the last list is that of all further ones. */
  constructor(parts: readonly (readonly string[])[], outputs: Map<string, string[]> = new Map()) {
    this.#parts = parts
    this.#outputs = outputs
  }

  listParts(worker: number, workers: number): readonly string[] {
    this.calls.push(`list ${worker}/${workers}`)
    return this.#parts[Math.min(worker, this.#parts.length - 1)] ?? []
  }

  async buildPart(
    stepId: string,
    part: string,
    state: number | undefined,
  ): Promise<StatefulSinkPartition<string, number>> {
    this.calls.push(`build ${stepId} ${part} ${state}`)
    const output = this.#outputs.get(part) ?? []
    output.length = state ?? 0
    this.#outputs.set(part, output)
    return {
      writeBatch: async (values) => {
        this.calls.push(`write ${part} ${values}`)
        output.push(...values)
      },
      snapshot: () => {
        this.calls.push(`snapshot ${part}`)
        return output.length
      },
      close: () => void this.calls.push(`close ${part}`),
    }
  }

  get outputs(): Record<string, readonly string[]> {
    return Object.fromEntries(this.#outputs)
  }
}
