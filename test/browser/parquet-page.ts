import { concatBytes } from '../../src/core/bytes.ts'
import { parquet } from '../../src/formats/parquet/index.ts'

export interface Written {
  /** Why WebAssembly is not used, each time that a page was told. */
  readonly announced: readonly string[]
  readonly bytes: readonly number[]
}

/** Two files of the same rows; the second one's bytes. */
async function write(rows: readonly Record<string, unknown>[]): Promise<Written> {
  const announced: string[] = []
  const format = parquet({ onFallback: (error) => announced.push((error as Error).name) })
  const encode = async (): Promise<Uint8Array> => {
    const encoder = format.encoder()
    const chunks = [...(await encoder.write(rows)), ...(await encoder.close()).chunks]
    return concatBytes(chunks)
  }
  await encode()
  return { announced, bytes: [...(await encode())] }
}

Object.assign(globalThis, { write })
