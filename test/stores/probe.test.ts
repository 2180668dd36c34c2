import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { MultipartUpload, Store } from '../../src/contracts/index.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { fsStore } from '../../src/node/fs-store.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import {
  type MemoryCapabilities,
  memoryCapabilities,
} from '../../src/stores/memory-capabilities.ts'
import { type ProbeOptions, probe, type Trial } from '../../src/stores/probe.ts'
import { withPrefix } from '../../src/stores/with-prefix.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { failure } from '../s3/scripted-fetch.ts'

const SMALL_PARTS = { multipart: { minPartBytes: 8 } } as const
const BYTES = new Uint8Array([1, 2, 3])

async function leftIn(store: Store): Promise<unknown[]> {
  const left: unknown[] = []
  for await (const entry of store.list()) left.push(entry)
  for await (const upload of store.listMultipart?.('') ?? []) left.push(upload)
  return left
}

/** The store with every call counted, and some of its verbs in another form. */
function counted(base: Store, other: Partial<Store> = {}): { store: Store; calls: string[] } {
  const calls: string[] = []
  const verbs = Object.entries({ ...base, ...other }).map(([name, verb]) => [
    name,
    typeof verb !== 'function'
      ? verb
      : (...args: never[]) => {
          calls.push(name)
          return (verb as (...args: never[]) => unknown)(...args)
        },
  ])
  return { store: Object.fromEntries(verbs) as Store, calls }
}

function mapUploads(
  base: Store,
  map: (upload: MultipartUpload) => MultipartUpload,
): Partial<Store> {
  return {
    createMultipart: async (key, options) =>
      map((await base.createMultipart?.(key, options)) as MultipartUpload),
  }
}

describe('a store that does what it says', () => {
  test.each<[string, MemoryCapabilities]>([
    ['all of it', SMALL_PARTS],
    [
      'nothing beyond the verbs',
      { conditionalPut: false, multipart: false, copy: false, compose: false, rangeGet: false },
    ],
    ['no conditions on completions', { ...SMALL_PARTS, conditionalComplete: false }],
    ['equal parts', { multipart: { minPartBytes: 8, equalParts: true } }],
    ['no listing of uploads', { ...SMALL_PARTS, listUploads: false }],
  ])('keeps its capabilities: %s', async (_, wanted) => {
    const base = memoryStore({ capabilities: wanted })
    const probed = await probe(base)
    expect(probed.capabilities).toEqual(memoryCapabilities(wanted))
    expect(Object.keys(probed).sort()).toEqual(Object.keys(base).sort())
    expect(await leftIn(base)).toEqual([])
  })

  test('over a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-probe-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const base = fsStore(folder)
    const probed = await probe(base)
    expect(probed.capabilities).toEqual(base.capabilities)
    expect(await leftIn(base)).toEqual([])
  })

  test('still works, and wrappers pass on what was found', async () => {
    const base = memoryStore({ capabilities: SMALL_PARTS })
    const store = withPrefix(await probe(base), 'team/')
    await store.put('a', BYTES, { ifNoneMatch: '*' })
    await store.copy?.('a', 'b', { ifNoneMatch: '*' })
    await store.compose?.([{ key: 'a' }], 'c', { ifNoneMatch: '*' })
    const upload = await store.createMultipart?.('d')
    const part = await upload?.putPart(1, BYTES)
    await upload?.complete(part ? [part] : [], { ifNoneMatch: '*' })
    expect(await (await store.get('d', { range: { start: 1, end: 2 } }))?.bytes()).toEqual(
      BYTES.subarray(1, 2),
    )
    expect((await leftIn(base)).map((entry) => (entry as { key: string }).key)).toEqual([
      'team/a',
      'team/b',
      'team/c',
      'team/d',
    ])
  })
})

describe('a store that claims more than it does', () => {
  const base = (): Store => memoryStore({ capabilities: SMALL_PARTS })
  const without = { ifNoneMatch: undefined, ifMatch: undefined }
  const conditions = { ifNoneMatch: '*' } as const

  test('conditions on a put that are ignored are found, and refused from then on', async () => {
    const memory = base()
    const { put } = memory
    const store = await probe({
      ...memory,
      put: (key, body, options) => put(key, body, { ...options, ...without }),
    })
    expect(store.capabilities).toMatchObject({ conditionalPut: false, conditionalComplete: true })
    const written = store.put('key', BYTES, conditions)
    expect(await failure(written)).toMatchObject({ code: 'not-supported' })
    expect(await leftIn(memory)).toEqual([])
  })

  test.each(['ifNoneMatch', 'ifMatch'] as const)('%s alone counts as none', async (ignored) => {
    const memory = base()
    const store = await probe({
      ...memory,
      put: (key, body, options) => memory.put(key, body, { ...options, [ignored]: undefined }),
    })
    expect(store.capabilities.conditionalPut).toBe(false)
  })

  test('conditions that are always refused are none', async () => {
    const memory = base()
    const store = await probe({
      ...memory,
      put: async (key, body, options = {}) => {
        if (!options.ifNoneMatch && !options.ifMatch) return memory.put(key, body, options)
        throw new SluiceError('precondition-failed', 'always')
      },
    })
    expect(store.capabilities.conditionalPut).toBe(false)
  })

  test('conditions on a completion', async () => {
    const memory = base()
    const lax = mapUploads(memory, (upload) => ({
      ...upload,
      complete: (parts, options) => upload.complete(parts, { ...options, ...without }),
    }))
    const store = await probe({ ...memory, ...lax })
    expect(store.capabilities).toMatchObject({ conditionalPut: true, conditionalComplete: false })
    const upload = await store.createMultipart?.('key')
    const part = await upload?.putPart(1, BYTES)
    const complete = upload?.complete(part ? [part] : [], conditions)
    expect(await failure(complete as Promise<unknown>)).toMatchObject({ code: 'not-supported' })
  })

  test('conditions on a copy', async () => {
    const memory = base()
    const store = await probe({
      ...memory,
      copy: (from, to, options) =>
        memory.copy?.(from, to, { ...options, ...without }) as Promise<{ etag: string }>,
    })
    await store.put('a', BYTES)
    expect(await failure(store.copy?.('a', 'b', conditions) as Promise<unknown>)).toMatchObject({
      code: 'not-supported',
    })
    await store.copy?.('a', 'b')
  })

  test('parts of unequal size', async () => {
    const memory = base()
    const equal = mapUploads(memory, (upload) => ({
      ...upload,
      complete: async (parts, options) => {
        if (new Set(parts.slice(0, -1).map((part) => part.sizeBytes)).size > 1) {
          throw new SluiceError(
            'invalid-options',
            'All non-trailing parts must have the same length',
          )
        }
        return upload.complete(parts, options)
      },
    }))
    const store = await probe({ ...memory, ...equal })
    expect(store.capabilities.multipart).toMatchObject({ equalParts: true })
    const untried = await probe({ ...memory, ...equal }, { unequalParts: false })
    expect(untried.capabilities.multipart).toMatchObject({ equalParts: false })
    expect(await leftIn(memory)).toEqual([])
  })

  test('ranges, copies, uploads and their listing', async () => {
    const memory = base()
    const no = async (): Promise<never> => {
      throw new SluiceError('not-supported', 'no')
    }
    const trials: Trial[] = []
    const store = await probe(
      {
        ...memory,
        get: (key, options) => memory.get(key, { ...options, range: undefined }),
        copy: no,
        compose: no,
        createMultipart: no,
      },
      { onTrial: (trial) => void trials.push(trial) },
    )
    expect(store.capabilities).toMatchObject({
      rangeGet: false,
      copy: false,
      compose: false,
      multipart: false,
      conditionalComplete: false,
      listUploads: false,
    })
    expect(store).not.toHaveProperty('copy')
    expect(store).not.toHaveProperty('createMultipart')
    expect(store).not.toHaveProperty('listMultipart')
    expect(await failure(store.get('a', { range: { start: 0 } }))).toMatchObject({
      code: 'not-supported',
    })
    expect(trials.filter(({ works }) => works).map(({ name }) => name)).toEqual([
      'write',
      'conditional put',
    ])
    expect(await leftIn(memory)).toEqual([])
  })

  test('uploads that are listed late', async () => {
    const memory = base()
    const store = await probe({
      ...memory,
      async *listMultipart(prefix, options) {
        const open = []
        for await (const upload of memory.listMultipart?.(prefix, options) ?? []) open.push(upload)
        yield* open.slice(0, -1)
      },
    })
    expect(store.capabilities.listUploads).toBe(false)
  })

  test('uploads that are listed by their whole key only', async () => {
    const memory = base()
    const store = await probe({
      ...memory,
      async *listMultipart(prefix, options) {
        for await (const upload of memory.listMultipart?.(prefix, options) ?? []) {
          if (upload.key === prefix) yield upload
        }
      },
    })
    expect(store.capabilities.listUploads).toBe(false)
    expect(await leftIn(memory)).toEqual([])
  })
})

describe('what it wrote', () => {
  test('lies below the prefix, and is bounded', async () => {
    const keys = new Set<string>()
    const memory = memoryStore()
    let bytes = 0
    const { store, calls } = counted(memory, {
      ...mapUploads(memory, (upload) => ({
        ...upload,
        putPart(n, body, options) {
          bytes += (body as Uint8Array).byteLength
          return upload.putPart(n, body, options)
        },
      })),
      put(key, body, options) {
        keys.add(key)
        bytes += (body as Uint8Array).byteLength
        return memory.put(key, body, options)
      },
    })
    await probe(store, { prefix: 'some/where/' })
    for (const key of keys) expect(key).toMatch(/^some\/where\/\.sluice-probe-[0-9a-f]{32}-\d+$/)
    expect(calls.length).toBeLessThan(60)
    expect(bytes).toBeLessThan(11 * 1024 ** 2)
  })

  /** Each call that the probe makes, by number, is the one that fails. */
  async function failAt(nth: number, how: (abort: () => void) => void): Promise<Store | undefined> {
    const memory = memoryStore({ capabilities: SMALL_PARTS })
    let n = 0
    let cleaning = false
    const abort = new AbortController()
    const step = (): void => {
      if (cleaning || ++n !== nth) return
      cleaning = true
      how(() => abort.abort())
    }
    const around = (upload: MultipartUpload): MultipartUpload => ({
      ...upload,
      async putPart(...args) {
        step()
        return upload.putPart(...args)
      },
      async complete(...args) {
        step()
        return upload.complete(...args)
      },
    })
    const store: Store = {
      ...memory,
      async put(...args) {
        const written = await memory.put(...args)
        // Its answer is what gets lost.
        step()
        return written
      },
      async copy(...args) {
        const copied = await memory.copy?.(...args)
        step()
        return copied as { etag: string }
      },
      async createMultipart(...args) {
        const upload = (await memory.createMultipart?.(...args)) as MultipartUpload
        step()
        return around(upload)
      },
    }
    const options: ProbeOptions = { signal: abort.signal }
    const ended = await probe(store, options).then(
      () => true,
      () => false,
    )
    expect(await leftIn(memory)).toEqual([])
    return ended ? memory : undefined
  }

  test.each<[string, (abort: () => void) => void]>([
    [
      'a failure',
      () => {
        throw new SluiceError('network', 'cut')
      },
    ],
    ['an abort', (abort) => abort()],
  ])('is gone after %s at each of its calls', async (_, how) => {
    let failures = 0
    for (let nth = 1; nth < 60; nth++) if (!(await failAt(nth, how))) failures++
    expect(failures).toBeGreaterThan(25)
  })

  test('is gone after its time was up', async () => {
    const clock = virtualClock()
    const memory = memoryStore({ capabilities: SMALL_PARTS })
    const hangs: Store = {
      ...memory,
      get: (_, options) =>
        new Promise((_, reject) => {
          options?.signal?.addEventListener('abort', () => {
            const { reason } = options.signal as AbortSignal
            reject(new SluiceError('timeout', 'hung', { cause: reason, retryable: false }))
          })
        }),
    }
    const probing = failure(probe(hangs, { clock, timeoutMs: 1000 }))
    await clock.advance(1000)
    expect(await probing).toMatchObject({ code: 'timeout' })
    expect(await leftIn(memory)).toEqual([])
  })

  test('is named when it stays', async () => {
    const memory = memoryStore({ capabilities: SMALL_PARTS })
    const kept: Store = { ...memory, delete: async () => ({ deleted: 1, failed: [] }) }
    const error = await failure(probe(kept))
    expect(error).toMatchObject({ code: 'protocol' })
    expect(error.key).toMatch(/^\.sluice-probe-/)
  })
})

test('a store that cannot be written is no store to try', async () => {
  const memory = memoryStore()
  const denied = async (): Promise<never> => {
    throw new SluiceError('permission-denied', 'no')
  }
  expect(await failure(probe({ ...memory, put: denied }))).toMatchObject({
    code: 'permission-denied',
  })
})
