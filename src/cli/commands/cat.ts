import type { BucketOptions } from '../address.ts'
import { byteSource } from '../byte-source.ts'
import { type CliIo, print } from '../io.ts'

/** Writes an object's bytes to standard output. Cut short, it fails: what came out is then not the whole object. */
export async function cat(address: string, options: BucketOptions, io: CliIo): Promise<void> {
  const { body } = await (await byteSource(address, io, options)).open()
  for await (const chunk of body) await print(io.stdout, chunk)
}
