import type {
  Log,
  LogSession,
  MultipartUpload,
  Row,
  Store,
  UploadProgress,
} from '../../src/contracts/index.ts'

type Call = <T>(name: string, run: () => Promise<T>) => Promise<T>

export interface ProcessOptions {
  /** The call to the store or the log, from 1, at which everything stops for good. Default: none. */
  readonly killAt?: number | undefined
  /** Whether that call had its effect. */
  readonly after?: boolean | undefined
  /** Before each call: throws what it is to fail with. */
  readonly onCall?: ((name: string) => void | Promise<void>) | undefined
  /** After each call, which had its effect: throws what is heard of it instead. */
  readonly onAnswer?: ((name: string) => void) | undefined
}

/** All that a sink does outside of itself, so that it can be killed, and counted. */
export class Process {
  /** What was called, in order: `putPart 1`, `seal`, … */
  readonly calls: string[] = []
  /** The last progress that the log has kept. */
  kept: UploadProgress | undefined
  /** Resolves when it was killed. */
  readonly killed: Promise<void>
  readonly #options: ProcessOptions
  #dead = false
  #die: () => void = () => {}

  constructor(options: ProcessOptions = {}) {
    this.#options = options
    this.killed = new Promise((resolve) => {
      this.#die = resolve
    })
  }

  count(name: string): number {
    return this.calls.filter((call) => call.startsWith(name)).length
  }

  readonly call: Call = async (name, run) => {
    const { killAt, after = false, onCall, onAnswer } = this.#options
    if (this.#dead) return forever()
    await onCall?.(name)
    const number = this.calls.push(name)
    if (number === killAt && !after) return this.#kill()
    const result = await run()
    if (number === killAt) return this.#kill()
    onAnswer?.(name)
    return this.#dead ? forever() : result
  }

  store(base: Store): Store {
    const { call } = this
    const upload = (inner: MultipartUpload): MultipartUpload => ({
      key: inner.key,
      uploadId: inner.uploadId,
      toJSON: () => inner.toJSON(),
      putPart: (n, body, options) => call(`putPart ${n}`, () => inner.putPart(n, body, options)),
      complete: (parts, options) => call('complete', () => inner.complete(parts, options)),
      abort: (options) => call('abort', () => inner.abort(options)),
    })
    return {
      kind: base.kind,
      capabilities: base.capabilities,
      put: (key, body, options) => call('put', () => base.put(key, body, options)),
      get: (key, options) => base.get(key, options),
      head: (key, options) => call('head', () => base.head(key, options)),
      list: (options) => base.list(options),
      delete: (keys, options) => call('delete', () => base.delete(keys, options)),
      createMultipart: async (key, options) =>
        upload(
          await call('create', () =>
            (base.createMultipart as NonNullable<Store['createMultipart']>)(key, options),
          ),
        ),
      resumeMultipart: (token) =>
        upload((base.resumeMultipart as NonNullable<Store['resumeMultipart']>)(token)),
    }
  }

  log(base: Log, batchRows = 6): Log {
    const { call } = this
    return {
      inMemory: false,
      open: async (owner) => this.#session(await call('open', () => base.open(owner)), batchRows),
    }
  }

  #session(inner: LogSession<Row>, batchRows: number): LogSession<Row> {
    const { call } = this
    return {
      state: inner.state,
      append: (batch) => call('append', () => inner.append(batch)),
      async *read(file) {
        for await (const rows of inner.read(file)) {
          for (let at = 0; at < rows.length; at += batchRows) yield rows.slice(at, at + batchRows)
        }
      },
      seal: (file) => call('seal', () => inner.seal(file)),
      progress: (id, upload) =>
        call('progress', async () => {
          await inner.progress(id, upload)
          this.kept = upload
        }),
      store: (files) => call('store', () => inner.store(files)),
      commit: (files) => call('commit', () => inner.commit(files)),
      committed: (range) => inner.committed(range),
      positions: () => inner.positions(),
      close: () => call('close', () => inner.close()),
    }
  }

  #kill(): Promise<never> {
    this.#dead = true
    this.#die()
    return forever()
  }
}

function forever(): Promise<never> {
  return new Promise(() => {})
}
