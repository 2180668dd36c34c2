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

/** 8 MiB of empty lists at each place of a table. */
test.each([
  ['positions', '81a170', '', 'has a block that is none'],
  ['a position', '81a17092', '00', 'has a block that is none'],
  ['files', '81a17491', '', 'has a file that is no position'],
  ['a key of a node', '81', 'c0', 'has a key of more than 8 lists'],
  ['the key of a child', '82a17092000aa17481', '81a170920001', 'has a key of more than 8 lists'],
])('lists in %s are not made to be looked at', async (_, before, behind, message) => {
  const lists = concatBytes([hex('dd00800000'), new Uint8Array(8 * MIB).fill(0x90)])
  const file = fileOf(new Uint8Array(10), concatBytes([hex(before), lists, hex(behind)]))
  expect(await outcome(file)).toEqual({
    code: 'protocol',
    message: expect.stringContaining(message),
  })
})

test('blocks of a list are no more than its bytes', async () => {
  const blocks = new Uint8Array(16 * MIB)
  const triple = hex('93010001')
  for (let at = 0; at < blocks.byteLength; at += 4) blocks.set(triple, at)
  const table = concatBytes([hex('81a170dd00400000'), blocks])
  expect((await outcome(fileOf(new Uint8Array(10), table))).code).toBe('protocol')
})

test('children are no more than a table has room for', async () => {
  const table = concatBytes([hex('81a174dd00800000'), new Uint8Array(8 * MIB)])
  expect(await outcome(fileOf(new Uint8Array(8 * MIB), table))).toEqual({
    code: 'protocol',
    message: expect.stringContaining('has 8388608 children, and room for 1398101'),
  })
})
