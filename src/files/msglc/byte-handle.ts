import type { CallOptions, GetResult, Store } from '../../contracts/index.ts'
import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { iterate } from '../../core/reading.ts'

/** Bytes that are open somewhere: a file of the platform, a buffer of one's own. Whoever reads from it never closes it. */
export interface ByteHandle {
  /** In bytes. */
  readonly size: number
  /** The bytes of `[start, end)`, all of them. */
  read(start: number, end: number, options?: CallOptions): Promise<Uint8Array>
}

/** One that can also put bytes where they belong, which saves a copy of what is large. */
export interface PlacingHandle extends ByteHandle {
  /** Fills `target` with the bytes from `start` on, and gives how many came. */
  readInto?(target: Uint8Array, start: number, options?: CallOptions): Promise<number>
}

/** A handle, and the file's first bytes where opening it gave them. */
export interface OpenedHandle {
  readonly handle: PlacingHandle
  readonly first?: Uint8Array | undefined
  /** Of an object. */
  readonly key?: string | undefined
}

/** Of an object: its first bytes came with its version. */
export interface OpenedObject extends OpenedHandle {
  readonly first: Uint8Array
  readonly etag: string
}

export function bytesHandle(bytes: Uint8Array): OpenedHandle {
  const read = async (start: number, end: number): Promise<Uint8Array> => bytes.subarray(start, end)
  return { handle: { size: bytes.byteLength, read } }
}

export function blobHandle(blob: Blob): OpenedHandle {
  const read = async (start: number, end: number): Promise<Uint8Array> =>
    new Uint8Array(await blob.slice(start, end).arrayBuffer())
  return { handle: { size: blob.size, read } }
}

/**
 * An object, of the version that its first bytes came from: what is read later demands that ETag. Errors: `not-found`;
 * later `precondition-failed`.
 */
export async function storeHandle(
  store: Pick<Store, 'get'>,
  key: string,
  firstBytes: number,
  options: CallOptions,
): Promise<OpenedObject> {
  const range = { start: 0, end: firstBytes }
  const found = await store.get(key, { range, ...options }).catch((cause: unknown) => {
    // The one range that begins behind the end.
    if (!isSluiceError(cause, 'invalid-options')) throw cause
    throw new SluiceError('protocol', `"${key}" is empty, and no msglc file`, { key, cause })
  })
  if (!found) throw new SluiceError('not-found', `There is no object "${key}"`, { key })
  const { etag, sizeBytes: size } = found
  const first = await found.bytes()
  const open = async (start: number, end: number, call?: CallOptions): Promise<GetResult> => {
    const part = await store.get(key, { range: { start, end }, ifMatch: etag, ...call })
    if (part) return part
    throw new SluiceError('precondition-failed', `"${key}" is there no more`, { key })
  }
  const handle: PlacingHandle = {
    size,
    read: async (start, end, call) => (await open(start, end, call)).bytes(),
    async readInto(target, start, call) {
      const { body } = await open(start, start + target.byteLength, call)
      let at = 0
      for await (const chunk of iterate(body)) {
        // More than was asked for is no answer, and is counted as it would be if it came in one piece.
        if (at + chunk.byteLength <= target.byteLength) target.set(chunk, at)
        at += chunk.byteLength
      }
      return at
    },
  }
  return { handle, first, etag, key }
}
