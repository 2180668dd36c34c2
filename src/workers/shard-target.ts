import type { FileInfo, Progress } from '../contracts/index.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import type { IngestAnswer, IngestRequest, IngestTarget } from '../http/target.ts'
import { type Outcome, valueOfOutcome } from './outcome.ts'

/** The binding of the `Shard` class. */
export interface ShardNamespaceLike {
  idFromName(name: string): unknown
  // biome-ignore lint/suspicious/noExplicitAny: the id is the namespace's own, and the stub is checked by ShardStub
  get(id: any): ShardStub
}

export interface ShardStub {
  write(stream: string, request: IngestRequest): Promise<Outcome<IngestAnswer>>
  receipt(stream: string, id: string, waitMs: number): Promise<Outcome<Progress>>
  flush(stream: string): Promise<Outcome<readonly FileInfo[]>>
}

/** A stream whose sink lives in a Durable Object. */
export function shardTarget(namespace: ShardNamespaceLike, stream: string): IngestTarget {
  // A new stub for each call: one whose object was reset stays broken.
  const call = async <T>(run: (stub: ShardStub) => Promise<Outcome<T>>): Promise<T> => {
    try {
      return valueOfOutcome(await run(namespace.get(namespace.idFromName(`${stream}/0`))))
    } catch (error) {
      throw isSluiceError(error) ? error : remoteError(error)
    }
  }
  return {
    write: (request) => call((stub) => stub.write(stream, request)),
    receipt: (id, waitMs) => call((stub) => stub.receipt(stream, id, waitMs)),
    flush: () => call((stub) => stub.flush(stream)),
  }
}

function remoteError(cause: unknown): SluiceError {
  // Only the text tells: https://developers.cloudflare.com/workers/runtime-apis/rpc/#limitations
  if (cause instanceof Error && cause.message.includes('limited to 32MiB')) {
    return new SluiceError(
      'too-large',
      'The records take more than 32 MiB unpacked; nothing of them was kept: send them in pieces',
      { cause },
    )
  }
  return new SluiceError(
    'unavailable',
    'The shard was reset or did not answer; the outcome is unknown: send it again under the same Producer-Seq',
    { cause, retryAfterMs: 1000 },
  )
}
