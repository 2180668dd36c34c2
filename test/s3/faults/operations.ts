import type { Bytes, Store, WriteConditions } from '../../../src/contracts/index.ts'
import { objectWriter } from '../../../src/core/object-writer.ts'
import { put } from '../../../src/s3/put.ts'
import { PART_BYTES, type World } from './world.ts'

export const KEY = 'folder/file'
export const SOURCE = 'folder/source'
export const OLD: Bytes = bytesOf(5, 1)
/** Three parts, the last one short. */
export const NEW: Bytes = bytesOf(2 * PART_BYTES + 7, 2)

export interface Call {
  readonly world: World
  readonly store: Store
  readonly signal: AbortSignal | undefined
  /** Of `OLD`, where it is there. */
  readonly etag: string
}

/** Something that a user does. */
export interface Action {
  readonly name: string
  /** Whether `OLD` lies under the key beforehand. */
  readonly before?: boolean
  /** What lies there when all goes well; default `NEW`. */
  readonly after?: Bytes | undefined
  /** The requests worth a fault, where another action has the same ones; default all. */
  readonly hits?: RegExp
  run(call: Call): Promise<unknown>
}

export const ACTIONS: readonly Action[] = [
  ...writes('put', ({ store, signal }, conditions) =>
    store.put(KEY, NEW, { ...conditions, signal }),
  ),
  ...writes('write in parts', async (call, conditions) => {
    await using writer = writerOf(call, conditions)
    await writer.write(NEW)
    await writer.close()
  }),
  ...writes('put from a stream', ({ world: { client }, signal }, conditions) =>
    put(client, KEY, streamOf(NEW), {
      partBytes: PART_BYTES,
      concurrency: 2,
      ...conditions,
      signal,
    }),
  ),
  ...writes('copy', ({ store, signal }, conditions) =>
    store.copy?.(SOURCE, KEY, { ...conditions, signal }),
  ),
  ...writes('compose', ({ store, signal }, conditions) =>
    store.compose?.(
      [
        { key: SOURCE, range: { start: 0, end: PART_BYTES } },
        { key: SOURCE, range: { start: PART_BYTES, end: NEW.byteLength } },
      ],
      KEY,
      { ...conditions, signal },
    ),
  ),
  {
    name: 'write in parts, and abort',
    hits: /^(Abort|ListParts)/,
    after: undefined,
    async run(call) {
      await using writer = writerOf(call)
      await writer.write(NEW)
      await writer.abort()
    },
  },
  reading('get', ({ store, signal }) => store.get(KEY, { signal }), OLD),
  reading(
    'get a range',
    ({ store, signal }) => store.get(KEY, { range: { start: 1, end: 4 }, signal }),
    OLD.subarray(1, 4),
  ),
  {
    name: 'delete',
    before: true,
    after: undefined,
    run: ({ store, signal }) => deleted(store.delete(KEY, { signal })),
  },
  {
    name: 'delete several',
    before: true,
    after: undefined,
    run: ({ store, signal }) => deleted(store.delete([KEY, 'absent'], { signal })),
  },
  {
    name: 'list',
    before: true,
    after: OLD,
    async run({ store, signal }) {
      const keys: string[] = []
      for await (const entry of store.list({ prefix: 'folder/', signal })) {
        if (entry.kind === 'object') keys.push(entry.key)
      }
      same(keys, [KEY, SOURCE])
    },
  },
  {
    name: 'list uploads',
    before: true,
    after: OLD,
    async run({ store, signal }) {
      for await (const upload of store.listMultipart?.('', { signal }) ?? [])
        same(upload, undefined)
    },
  },
]

function writes(
  name: string,
  run: (call: Call, conditions: WriteConditions) => Promise<unknown> | undefined,
): Action[] {
  return [
    { name, before: true, after: NEW, run: async (call) => run(call, {}) },
    {
      name: `${name}, only new`,
      hits: /^(?!UploadPart \d)/,
      after: NEW,
      run: async (call) => run(call, { ifNoneMatch: '*' }),
    },
    {
      name: `${name}, only this version`,
      hits: /^(PutObject|Complete)/,
      before: true,
      after: NEW,
      run: async (call) => run(call, { ifMatch: call.etag }),
    },
  ]
}

function writerOf(
  { world, store, signal }: Call,
  conditions: WriteConditions = {},
): ReturnType<typeof objectWriter> {
  const { clock } = world
  return objectWriter(store, KEY, {
    partBytes: PART_BYTES,
    concurrency: 2,
    ...conditions,
    signal,
    clock,
  })
}

function reading(
  name: string,
  get: (call: Call) => ReturnType<Store['get']>,
  expected: Bytes,
): Action {
  return {
    name,
    before: true,
    after: OLD,
    run: async (call) => same(await (await get(call))?.bytes(), expected),
  }
}

async function deleted(deleting: ReturnType<Store['delete']>): Promise<void> {
  for (const { error } of (await deleting).failed) throw error
}

/** A wrong answer is no SluiceError, and so never an outcome that anybody expects. */
function same(got: unknown, expected: unknown): void {
  if (String(got) !== String(expected)) throw new Error(`Got ${got} for ${expected}`)
}

/** In pieces that end where no part does. */
function streamOf(bytes: Bytes): ReadableStream<Bytes> {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close()
      controller.enqueue(bytes.slice(at, at + 11))
      at += 11
    },
  })
}

export function bytesOf(length: number, seed: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed) % 251)
}
