/** Files of some MB that were made to harm end in an error where there is little memory, and soon. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { concatBytes } from '../../../src/core/bytes.ts'
import { ByteWriter } from '../../../src/formats/msglc/codecs/byte-writer.ts'
import { codecOf } from '../../../src/formats/msglc/header.ts'
import type { CodecName } from '../../../src/formats/msglc/index.ts'
import { hex } from '../../formats/msglc/tools.ts'
import { fileOf } from './archive.ts'

const MIB = 1024 ** 2
const run = promisify(execFile)

/** What reading it ends in, with 64 MiB for objects. */
async function outcome(file: Uint8Array): Promise<{ code: string; message: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-msglc-'))
  try {
    const path = join(folder, 'file')
    await writeFile(path, file)
    const script = fileURLToPath(new URL('hostile-read.ts', import.meta.url))
    const words = ['--max-old-space-size=64', script, path]
    return JSON.parse((await run(process.execPath, words)).stdout)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `{"p":[0,…]}` */
function leafTable(sizeBytes: number, name: CodecName): Uint8Array<ArrayBuffer> {
  const codec = codecOf(name)
  const to = new ByteWriter()
  codec.map(to, 1)
  codec.scalar(to, 'p')
  codec.list(to, 2)
  codec.scalar(to, 0)
  codec.scalar(to, sizeBytes)
  return to.take()
}

function cborFile(payload: Uint8Array<ArrayBuffer>): Uint8Array {
  return fileOf(payload, leafTable(payload.byteLength, 'cbor'), 'cbor')
}

test.each([
  ['a value', 'c2'],
  ['the key of a map', 'a1c3'],
])('an integer of 8 MiB is refused with its place: %s', async (_, head) => {
  const digits = new Uint8Array(8 * MIB).fill(0xff)
  const payload = concatBytes([hex(`${head}5a00800000`), digits, hex('00')])
  const at = head.length / 2
  expect(await outcome(cborFile(payload))).toEqual({
    code: 'protocol',
    message: `The encoded bytes are damaged at ${at}: an integer of ${8 * MIB} bytes, and 4096 are the most`,
  })
})
