/** Runs in a dedicated worker of a page: the log suite over the origin private file system, or an owner that a test ends. */
import { type DirectoryLike, opfsLog, type SyncHandleLike } from '../../src/logs/opfs.ts'
import { batch, LANE, rowsOf, sealed } from '../../src/testing/log-cases/tools.ts'
import { logSuite } from '../../src/testing/log-suite.ts'

export type Job =
  | { readonly kind: 'suite' }
  | { readonly kind: 'write'; readonly folder: string }
  | { readonly kind: 'read'; readonly folder: string }

const root = await navigator.storage.getDirectory()
let folders = 0

/** A folder as one process has it: what it holds open can be let go of at once, as the browser does for a tab that ends. */
function processOf(directory: DirectoryLike): { directory: DirectoryLike; end(): void } {
  const handles: SyncHandleLike[] = []
  return {
    directory: {
      removeEntry: (name) => directory.removeEntry(name),
      keys: () => directory.keys(),
      async getFileHandle(name, options) {
        const file = await directory.getFileHandle(name, options)
        return {
          async createSyncAccessHandle() {
            const handle = (await file.createSyncAccessHandle?.()) as SyncHandleLike
            handles.push(handle)
            return handle
          },
        }
      },
    },
    end() {
      for (const handle of handles) handle.close()
    },
  }
}

async function folderOf(name: string): Promise<DirectoryLike> {
  return (await root.getDirectoryHandle(name, { create: true })) as unknown as DirectoryLike
}

async function runSuite(): Promise<unknown> {
  const suite = logSuite({
    durable: true,
    async create() {
      const folder = await folderOf(`case-${folders++}`)
      let living = processOf(folder)
      return {
        log: opfsLog(living.directory),
        async reopen() {
          living.end()
          living = processOf(folder)
          return opfsLog(living.directory)
        },
        close: async () => living.end(),
      }
    },
  })
  const failed: string[] = []
  for (const { name, run } of suite) {
    await run().catch((error: unknown) => failed.push(`${name}: ${(error as Error).message}`))
  }
  return { cases: suite.length, failed }
}

async function write(folder: string): Promise<never> {
  const session = await opfsLog(await folderOf(folder), { segmentBytes: 20_000 }).open('writer')
  for (let n = 0; ; n++) {
    await session.append(batch([[LANE, rowsOf(10, n * 10)]]))
    postMessage({ acknowledged: (n + 1) * 10 })
  }
}

async function read(folder: string): Promise<unknown> {
  const session = await opfsLog(await folderOf(folder)).open('reader')
  const [lane] = session.state.lanes
  if (!lane) return { rows: [] }
  const file = sealed(LANE, 0, lane.end)
  await session.seal(file)
  const rows = []
  for await (const some of session.read(file)) rows.push(...some)
  await session.close()
  return { rows: rows.map(({ n }) => n) }
}

const jobs = { suite: runSuite, write, read }

addEventListener('message', async ({ data }: MessageEvent<Job>) => {
  try {
    postMessage({ result: await jobs[data.kind]('folder' in data ? data.folder : '') })
  } catch (error) {
    postMessage({ code: (error as { code?: string }).code ?? String(error) })
  }
})
postMessage('ready')
