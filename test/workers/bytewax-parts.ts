import { DurableObject } from 'cloudflare:workers'
import {
  type FixedPartitionedSink,
  initRecovery,
  runSink,
  type StatefulSinkPartition,
  StoreSink,
  type StoreSinkState,
  storeRecovery,
} from '../../src/compat/bytewax/index.ts'
import type { Row } from '../../src/contracts/index.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { r2Store } from '../../src/stores/r2.ts'
import type { R2BucketLike } from '../../src/stores/r2-bucket.ts'

interface Environment {
  readonly BUCKET: R2BucketLike
  readonly PART: DurableObjectNamespace<Part>
}

/** What the test asks for: write these rows, and at this one let the object that gets it die. */
interface Job {
  readonly rows: readonly Row[]
  readonly dieAt?: number | undefined
}

function sinkOf(env: Environment): StoreSink {
  return new StoreSink(r2Store(env.BUCKET), 'out', 4, { format: jsonl() })
}

/** One partition. It keeps nothing of its own: an object that is evicted within an epoch fails the run, and the next one goes on. */
export class Part extends DurableObject<Environment> {
  #partition: StatefulSinkPartition<Row, StoreSinkState> | undefined

  async build(stepId: string, part: string, state: StoreSinkState | undefined): Promise<void> {
    this.#partition = await sinkOf(this.env).buildPart(stepId, part, state)
    // Which of the objects is which partition, for the test.
    this.ctx.storage.kv.put('part', part)
  }

  async writeBatch(rows: readonly Row[]): Promise<void> {
    if (rows.some(({ dies }) => dies)) this.ctx.abort('The object dies')
    await this.#built().writeBatch(rows)
  }

  async snapshot(): Promise<StoreSinkState> {
    return this.#built().snapshot()
  }

  async committed(): Promise<void> {
    await this.#built().committed?.()
  }

  async part(): Promise<unknown> {
    return this.ctx.storage.kv.get('part')
  }

  #built(): StatefulSinkPartition<Row, StoreSinkState> {
    if (this.#partition) return this.#partition
    throw new Error('This object was built anew: the run begins again where it was complete')
  }
}

/** The sink as its users' Worker would have it: each partition is the object of its name. */
function objectsSink(env: Environment): FixedPartitionedSink<Row, StoreSinkState> {
  const sink = sinkOf(env)
  return {
    listParts: () => sink.listParts(),
    async buildPart(stepId, part, state) {
      const stub = env.PART.get(env.PART.idFromName(part))
      await stub.build(stepId, part, state)
      return {
        writeBatch: (rows) => stub.writeBatch(rows),
        snapshot: () => stub.snapshot() as Promise<StoreSinkState>,
        committed: () => stub.committed(),
      }
    },
  }
}

// biome-ignore lint/style/noDefaultExport: a Worker's handler is its default export
export default {
  async fetch(request: Request, env: Environment): Promise<Response> {
    const store = r2Store(env.BUCKET)
    if (request.method === 'GET') {
      const names = sinkOf(env).listParts()
      const parts = names.map((name) => env.PART.get(env.PART.idFromName(name)).part())
      return Response.json(await Promise.all(parts))
    }
    const { rows, dieAt } = (await request.json()) as Job
    await initRecovery(store, 'recovery')
    const source = (position = 0) => {
      let at = position
      return {
        nextBatch() {
          const batch = rows.slice(at, at + 5)
          const keyed = batch.map((row, i) => {
            const key = `key ${at + i}`
            return [key, at + i === dieAt ? { ...row, dies: true } : row] as const
          })
          at += batch.length
          return keyed.length > 0 ? keyed : undefined
        },
        snapshot: () => at,
      }
    }
    const recovery = storeRecovery(store, 'recovery')
    try {
      const options = { recovery, workers: 4, epochMs: 0 }
      return Response.json(await runSink(source, objectsSink(env), options))
    } catch (error) {
      return new Response(String(error), { status: 500 })
    }
  },
}
