import type { ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  Miniflare,
  type V4WorkerOptions,
} from 'miniflare'
import type { StreamConfig } from 'sluice/workers'
import { bundleWorker } from '../bundle-worker.ts'

/** What a process is asked to end by. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface LocalWorkerOptions {
  /** The folder of package.json and wrangler.toml. */
  readonly root: string
  /** Where records and the bucket are kept. A Worker started on the folder of an earlier one goes on with what that had. */
  readonly state: string
  /** 0 is any free one, which every later start takes again. */
  readonly port: number
  /** Added to the streams of wrangler.toml, or in place of those of the same name. */
  readonly streams: Readonly<Record<string, StreamConfig>>
  /** Told what the Worker writes to its log. */
  readonly onLog: (line: string) => void
  /** Told when workerd has ended without `stop()`. */
  readonly onExit?: (signal: string | undefined) => void
}

/** The Worker of wrangler.toml in workerd on this machine, with a bucket of its own; reached from this machine only. */
export interface LocalWorker {
  readonly url: string
  /** Minted for this Worker, which knows only its SHA-256. May read and write every stream. */
  readonly token: string
  /** workerd's process. */
  readonly pid: number
  readonly hasDemo: boolean
  readonly bucket: Bucket
  /** Starts workerd again, with the same token, state and port, whatever became of it. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** The bucket itself, past the Worker. */
export interface Bucket {
  list(prefix: string): Promise<readonly { readonly key: string; readonly bytes: number }[]>
  get(key: string): Promise<Uint8Array>
  put(key: string, bytes: Uint8Array): Promise<void>
}

/** Signals stay the caller's: it calls `stop()` on them, or workerd is left behind. */
export async function startLocalWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  await checkFree(options.port)
  const token = randomBytes(24).toString('base64url')
  const { worker, hasDemo } = await workerOptions(options, token)
  let running = await run(options, worker, options.port)
  const port = Number(new URL(running.url).port)
  let restarted = deferred()
  let isStopped = false
  let turn: Promise<void> = Promise.resolve()
  const inTurn = (next: () => Promise<void>): Promise<void> => (turn = turn.then(next, next))

  /** Whatever is done with the bucket while workerd dies is done again once it is back. */
  const withBucket = async <T>(use: (bucket: R2) => Promise<T>): Promise<T> => {
    for (;;) {
      const { miniflare, url } = running
      const back = restarted.promise
      try {
        return await use(await miniflare.getR2Bucket('BUCKET'))
      } catch (error) {
        if (await answers(url)) throw error
        await back
      }
    }
  }
  return {
    token,
    hasDemo,
    get url() {
      return running.url
    },
    get pid() {
      return running.pid
    },
    bucket: bucketOf(withBucket),
    restart: () =>
      inTurn(async () => {
        if (isStopped) return
        await running.stop()
        running = await run(options, worker, port)
        const last = restarted
        restarted = deferred()
        last.resolve()
      }),
    stop: () => {
      isStopped = true
      return inTurn(async () => {
        await running.stop()
        restarted.reject(new Error('The Worker was stopped'))
      })
    },
  }
}

/** A promise to settle later. Its rejection is no fault of anybody who did not ask. */
function deferred() {
  let resolve = (): void => {}
  let reject = (_reason: Error): void => {}
  const promise = new Promise<void>((...settle) => ([resolve, reject] = settle))
  promise.catch(() => {})
  return { promise, resolve, reject }
}

/** workerd says it with a stack of its own. */
async function checkFree(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new Error(`Port ${port} of 127.0.0.1 cannot be used: ${(cause as Error).message}`, {
      cause,
    })
  }
  server.close()
  await once(server, 'close')
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).body?.cancel()
    return true
  } catch {
    return false
  }
}

/** wrangler.toml, the bundled code, and what is this machine's own. */
async function workerOptions({ root, streams }: LocalWorkerOptions, token: string) {
  // Read when wrangler is loaded. Nothing is sent anywhere, and no log is left in the home folder.
  process.env.WRANGLER_SEND_METRICS = 'false'
  process.env.WRANGLER_WRITE_LOGS = 'false'
  const { unstable_getMiniflareWorkerOptions } = await import('wrangler')
  const config = unstable_getMiniflareWorkerOptions(join(root, 'wrangler.toml'))
  const { assets, bindings, modulesRules: _, ...rest } = config.workerOptions
  if (config.main === undefined) throw new Error('wrangler.toml names no main')

  const modules = await bundleWorker(config.main, {
    outdir: root,
    entryNames: 'ingest',
    external: ['cloudflare:*', 'node:*'],
    define: config.define,
  })
  const hasDemo = existsSync(join(root, 'web-demo', 'dist', 'index.html'))
  const sha256 = createHash('sha256').update(token).digest('hex')
  const worker = {
    ...rest,
    name: 'sluice',
    modulesRoot: root,
    modules,
    bindings: {
      ...(bindings as object | undefined),
      STREAMS: JSON.stringify({
        ...(bindings as { STREAMS?: object } | undefined)?.STREAMS,
        ...streams,
      }),
      TOKENS: JSON.stringify([{ sha256, streams: ['*'], scopes: ['write', 'read'] }]),
      LINK_SECRET: randomBytes(32).toString('base64url'),
    },
    ...(hasDemo && { assets }),
  } as V4WorkerOptions
  return { worker, hasDemo }
}

interface Running {
  readonly miniflare: Miniflare
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

async function run(
  { state, onLog, onExit }: LocalWorkerOptions,
  worker: V4WorkerOptions,
  port: number,
): Promise<Running> {
  let stopping = false
  const children: ChildProcess[] = []
  // Miniflare does not say which process is its own. This is told before the process has its name.
  // https://nodejs.org/api/diagnostics_channel.html#process
  const onChild = (message: unknown): void => {
    children.push((message as { process: ChildProcess }).process)
  }
  // Miniflare would end this process at once on a signal, with whatever it is still to clean up.
  const listeners = SIGNALS.map((signal) => [signal, process.listeners(signal)] as const)
  subscribe('child_process', onChild)
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port,
      resourcePersistencePath: state,
      // No description of this machine's place on the network is fetched, and nothing is reported.
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }) => onLog(message),
      workers: [worker],
    }),
  )
  for (const [signal, earlier] of listeners) {
    for (const listener of process.listeners(signal)) {
      if (!earlier.includes(listener)) process.off(signal, listener)
    }
  }
  try {
    const { origin: url } = await miniflare.ready
    const workerd = children.find((child) => /workerd(\.exe)?$/.test(child.spawnfile))
    if (workerd?.pid === undefined) throw new Error('workerd was not seen to start')
    workerd.once('exit', (_code, signal) => {
      if (!stopping) onExit?.(signal ?? undefined)
    })
    return {
      miniflare,
      url,
      pid: workerd.pid,
      async stop() {
        stopping = true
        await miniflare.dispose()
      },
    }
  } catch (error) {
    await miniflare.dispose()
    throw error
  } finally {
    unsubscribe('child_process', onChild)
  }
}

type R2 = Awaited<ReturnType<Miniflare['getR2Bucket']>>

function bucketOf(withBucket: <T>(use: (bucket: R2) => Promise<T>) => Promise<T>): Bucket {
  return {
    list: (prefix) =>
      withBucket(async (bucket) => {
        const found: { key: string; bytes: number }[] = []
        let cursor: string | undefined
        do {
          const page = await bucket.list({ prefix, ...(cursor !== undefined && { cursor }) })
          for (const { key, size } of page.objects) found.push({ key, bytes: size })
          cursor = page.truncated ? page.cursor : undefined
        } while (cursor !== undefined)
        return found
      }),
    get: (key) =>
      withBucket(async (bucket) => {
        const object = await bucket.get(key)
        if (!object) throw new Error(`The bucket has no ${key}`)
        return new Uint8Array(await object.arrayBuffer())
      }),
    put: (key, bytes) =>
      withBucket(async (bucket) => {
        await bucket.put(key, bytes)
      }),
  }
}
