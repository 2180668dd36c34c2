import { SluiceError } from '../../../core/errors.ts'
import { isWellFormed } from '../../../core/keys.ts'
import { adler32 } from '../adler32.ts'
import type { FixedPartitionedSink, StatefulSinkPartition } from '../outputs.ts'
import { all } from './all.ts'
import { type AssignedPart, assignParts } from './assign-parts.ts'
import { checkBuilt, type Output, type OutputSettings } from './output.ts'

type States = ReadonlyMap<string, unknown>

interface Part extends AssignedPart {
  readonly partition: StatefulSinkPartition<unknown, unknown>
  /** Written, told of a commit, or built, since its last snapshot. */
  dirty: boolean
  /** Its last snapshot is not kept yet. */
  pending: boolean
}

/** Asks for the partitions, and builds all of them. */
export async function openPartitionedOutput(
  sink: FixedPartitionedSink<unknown, unknown>,
  settings: OutputSettings,
  saved: States,
): Promise<Output> {
  const { stepId, workers } = settings
  const listed: (readonly string[])[] = []
  for (let worker = 0; worker < workers; worker++) {
    listed.push(checkNames(stepId, await sink.listParts(worker, workers)))
  }
  const assigned = assignParts(listed)
  if (assigned.length === 0) {
    const message = `No worker lists a partition of the step "${stepId}": there is nowhere to write to`
    throw new SluiceError('invalid-options', message)
  }
  const names = new Set(assigned.map(({ name }) => name))
  const lost = [...saved.keys()].find((name) => !names.has(name))
  if (lost !== undefined) {
    throw new SluiceError(
      'invalid-options',
      `The recovery holds the state of "${lost}", which no worker of the step "${stepId}" lists: what was written there since would stay`,
    )
  }
  const build = async ({ name, worker }: AssignedPart): Promise<Part> => {
    const partition = await sink.buildPart(stepId, name, saved.get(name))
    checkBuilt(stepId, 'sink', partition, ['writeBatch', 'snapshot'])
    // One that had a state has made visible what that says was prepared.
    const dirty = !saved.has(name) || partition.committed !== undefined
    return { name, worker, partition, dirty, pending: false }
  }
  const built = new Map<string, Part>()
  await eachWorker(assigned, workers, async (one) => void built.set(one.name, await build(one)))
  const parts = assigned.map(({ name }) => built.get(name) as Part)
  return new PartitionedOutput(sink, settings, parts, saved)
}

function checkNames(stepId: string, names: unknown): readonly string[] {
  const isName = (name: unknown): boolean => typeof name === 'string' && isWellFormed(name)
  if (Array.isArray(names) && names.every(isName)) return names as string[]
  const message = `listParts() of the step "${stepId}" must answer with a list of texts`
  throw new SluiceError('invalid-options', message)
}

/** The workers at once, each with one of its partitions at a time, in their order. */
async function eachWorker<P extends AssignedPart>(
  parts: readonly P[],
  workers: number,
  run: (part: P) => Promise<void>,
): Promise<void> {
  const turn = async (worker: number): Promise<void> => {
    for (const part of parts) if (part.worker === worker) await run(part)
  }
  await all(Array.from({ length: workers }, (_, worker) => turn(worker)))
}

class PartitionedOutput implements Output {
  readonly #sink: FixedPartitionedSink<unknown, unknown>
  readonly #settings: OutputSettings
  readonly #parts: readonly Part[]
  readonly #states: Map<string, unknown>

  constructor(
    sink: FixedPartitionedSink<unknown, unknown>,
    settings: OutputSettings,
    parts: readonly Part[],
    saved: States,
  ) {
    this.#sink = sink
    this.#settings = settings
    this.#parts = parts
    this.#states = new Map(saved)
  }

  get dirty(): boolean {
    return this.#parts.some(({ dirty }) => dirty)
  }

  async write(items: readonly unknown[]): Promise<void> {
    const batches = new Map<Part, unknown[]>()
    for (const item of items) {
      const [key, value] = this.#keyed(item)
      const part = this.#partOf(key)
      const batch = batches.get(part)
      if (batch) batch.push(value)
      else batches.set(part, [value])
    }
    await eachWorker(this.#parts, this.#settings.workers, async (part) => {
      const values = batches.get(part)
      if (!values) return
      part.dirty = true
      await part.partition.writeBatch(values)
    })
  }

  async snapshot(): Promise<States> {
    for (const part of this.#parts) {
      if (!part.dirty) continue
      this.#states.set(part.name, await part.partition.snapshot())
      part.dirty = false
      part.pending = true
    }
    return this.#states
  }

  async committed(): Promise<void> {
    await eachWorker(this.#parts, this.#settings.workers, async (part) => {
      if (!part.pending) return
      part.pending = false
      if (!part.partition.committed) return
      // Its state now says something else, which the next snapshot keeps.
      part.dirty = true
      await part.partition.committed()
    })
  }

  async close(): Promise<void> {
    await eachWorker(this.#parts, this.#settings.workers, async ({ partition }) => {
      await partition.close?.()
    })
  }

  #keyed(item: unknown): readonly [string, unknown] {
    if (Array.isArray(item) && item.length === 2 && typeof item[0] === 'string') {
      return item as unknown as readonly [string, unknown]
    }
    const message = `The step "${this.#settings.stepId}" takes [key, value] with a text as the key, and was given something else`
    throw new SluiceError('invalid-record', message)
  }

  #partOf(key: string): Part {
    const hash = this.#sink.partFn ? this.#sink.partFn(key) : adler32(key)
    if (!Number.isSafeInteger(hash) || hash < 0) {
      const message = `partFn() of the step "${this.#settings.stepId}" answered ${hash}, where a whole number of 0 or more is needed`
      throw new SluiceError('invalid-options', message)
    }
    return this.#parts[hash % this.#parts.length] as Part
  }
}
