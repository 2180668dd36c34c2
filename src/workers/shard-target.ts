import type { Bytes } from '../contracts/index.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import type { IngestTarget } from '../http/target.ts'
import { valueOfOutcome } from './outcome.ts'
import { requestStream } from './request-codec.ts'

/** The binding of the `Shard` class. */
export interface ShardNamespaceLike {
  idFromName(name: string): unknown
  // biome-ignore lint/suspicious/noExplicitAny: the id is the namespace's own, and the stub is checked by ShardStub
  get(id: any): ShardStub
}

/** Each answer is an outcome as a stream. */
export interface ShardStub {
  write(stream: string, request: ReadableStream<Bytes>): Promise<ReadableStream<Bytes>>
  receipt(stream: string, id: string, waitMs: number): Promise<ReadableStream<Bytes>>
  flush(stream: string, waitMs: number | undefined): Promise<ReadableStream<Bytes>>
  status(stream: string): Promise<ReadableStream<Bytes>>
}

/** A stream whose sink lives in a Durable Object. */
export function shardTarget(namespace: ShardNamespaceLike, stream: string): IngestTarget {
  // A new stub for each call: one whose object was reset stays broken.
  const call = async <T>(run: (stub: ShardStub) => Promise<ReadableStream<Bytes>>): Promise<T> => {
    try {
      return await valueOfOutcome<T>(await run(namespace.get(namespace.idFromName(`${stream}/0`))))
    } catch (error) {
      throw isSluiceError(error) ? error : remoteError(error)
    }
  }
  return {
    write: (request) => call((stub) => stub.write(stream, requestStream(request))),
    receipt: (id, waitMs) => call((stub) => stub.receipt(stream, id, waitMs)),
    flush: (waitMs) => call((stub) => stub.flush(stream, waitMs)),
    // The stream has this one shard.
    status: () => call((stub) => stub.status(stream)),
  }
}

/** Whatever else the runtime says of a call, and whenever: it may have been carried out. */
function remoteError(cause: unknown): SluiceError {
  return new SluiceError(
    'unavailable',
    'The shard was reset or did not answer; the outcome is unknown: send it again under the same Producer-Seq',
    { cause, retryAfterMs: 1000 },
  )
}
