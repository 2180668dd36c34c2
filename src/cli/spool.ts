import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Bytes } from '../contracts/index.ts'
import { ownBytes } from '../core/bytes.ts'
import type { ByteSource } from './byte-source.ts'

/** A source that can be read again, and what it took up when it is left. */
export interface Spool extends ByteSource, AsyncDisposable {}

/** Keeps what can be read only once in a temporary file that only this user can read. */
export async function spool(source: ByteSource, signal: AbortSignal): Promise<Spool> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  const path = join(folder, 'input')
  let isNamedGzip: boolean
  try {
    const opened = await source.open()
    isNamedGzip = opened.isNamedGzip
    await pipeline(opened.body, createWriteStream(path, { mode: 0o600 }), { signal })
  } catch (error) {
    await remove()
    throw error
  }
  return {
    repeatable: true,
    open: async () => ({
      sizeBytes: (await stat(path)).size,
      isNamedGzip,
      body: read(path, signal),
    }),
    [Symbol.asyncDispose]: remove,
  }
}

async function* read(path: string, signal: AbortSignal): AsyncGenerator<Bytes, void, undefined> {
  for await (const chunk of createReadStream(path, { signal })) yield ownBytes(chunk as Uint8Array)
}
