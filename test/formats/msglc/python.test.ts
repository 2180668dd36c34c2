import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toHex } from '../../../src/core/bytes.ts'
import { lazyReader } from '../../../src/files/msglc/index.ts'
import { type CodecName, encodeMsglc, NumpyArray } from '../../../src/formats/msglc/index.ts'
import { PREPARE_MS, type Python, pythonFor, SCRIPT_MS } from '../../python.ts'
import { startGateway, type TestServer } from '../../servers.ts'
import { hex } from './tools.ts'

/** Of each way. */
const VALUES = 1000
const requirements = new URL('requirements.txt', import.meta.url)
const script = new URL('interoperation.py', import.meta.url)

interface Case {
  readonly small: number
  readonly trivial: number
  readonly codec: CodecName
  readonly value: unknown
  readonly hex: string
}

interface ArrayCase {
  readonly kind: string
  readonly plain: boolean
  readonly shape?: readonly number[]
  readonly items?: readonly unknown[]
  readonly hex: string
}

let python: Python | undefined
let missing: string | undefined
let server: TestServer
let folder: string

beforeAll(async () => {
  ;({ python, missing } = await pythonFor('Python’s msglc beside sluice/msglc', requirements))
  server = await startGateway()
  folder = await mkdtemp(join(tmpdir(), 'msglc-'))
}, PREPARE_MS)

afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})

function needed(skip: (why?: string) => never): Python {
  return python ?? skip(missing)
}

test(`${VALUES} values that Python wrote are read, and written as the same bytes`, {
  timeout: SCRIPT_MS,
}, async ({ skip }) => {
  const FILE = join(folder, 'from-python')
  const SEED = process.env.SLUICE_SEED ?? '20261121'
  await needed(skip).script(script, server, { STEP: 'write', FILE, COUNT: String(VALUES), SEED })
  const cases = (await lines(FILE)).map((line) => JSON.parse(line) as Case)
  expect(cases.length).toBe(VALUES)
  for (const [index, { small, trivial, codec, value, hex: bytes }] of cases.entries()) {
    const meant = meantBy(value)
    expect([index, await (await lazyReader(hex(bytes))).toObject()]).toEqual([index, meant])
    const written = encodeMsglc(meant, { smallBytes: small, trivialBytes: trivial, codec })
    expect([index, toHex(written)]).toEqual([index, bytes])
  }
})

test('what is written here is read by Python, whatever the thresholds', {
  timeout: SCRIPT_MS,
}, async ({ skip }) => {
  const given = join(folder, 'from-python')
  const FILE = join(folder, 'from-sluice')
  const runner = needed(skip)
  const cases = (await lines(given)).map((line) => JSON.parse(line) as Case)
  const files = cases.map(({ value, codec }, index) => {
    const smallBytes = [0, 1, 2, 3, 50, 1000, 8192][index % 7] as number
    return toHex(encodeMsglc(meantBy(value), { smallBytes, codec }))
  })
  await writeFile(FILE, `${files.join('\n')}\n`)
  await runner.script(script, server, { STEP: 'read', FILE })
  const read = await lines(`${FILE}.read`)
  expect(read.length).toBe(VALUES)
  for (const [index, { value }] of cases.entries()) {
    expect([index, meantBy(JSON.parse(read[index] as string))]).toEqual([index, meantBy(value)])
  }
})

test('arrays that numpy pickled are arrays, and those of anything but numbers are bytes', {
  timeout: SCRIPT_MS,
}, async ({ skip }) => {
  const FILE = join(folder, 'arrays')
  await needed(skip).script(script, server, { STEP: 'arrays', FILE })
  const cases = (await lines(FILE)).map((line) => JSON.parse(line) as ArrayCase)
  expect(cases.length).toBe(20 * 6 * 2)
  for (const { kind, plain, shape, items, hex: bytes } of cases) {
    const array = await (await lazyReader(hex(bytes))).read('array')
    if (!plain) expect([kind, array]).toEqual([kind, expect.any(Uint8Array)])
    else {
      expect([kind, array]).toEqual([kind, expect.any(NumpyArray)])
      const { dtype, shape: found, data } = array as NumpyArray
      const meant = (items ?? []).map((item) => Number(meantBy(item)))
      expect([dtype, found]).toEqual([kind.startsWith('>') ? expect.any(String) : kind, shape])
      expect(Array.from(data, Number)).toEqual(meant)
    }
  }
})

test('typed arrays are lists of numbers to Python', { timeout: SCRIPT_MS }, async ({ skip }) => {
  const FILE = join(folder, 'typed')
  const value = {
    floats: Float64Array.of(1, 0.5, Number.POSITIVE_INFINITY),
    singles: Float32Array.of(2),
    integers: Int16Array.of(-300, 300),
    wide: BigUint64Array.of(2n ** 64n - 1n),
    rows: new NumpyArray('float64', [2, 2], Float64Array.of(1, 2, 3, 4)),
  }
  const files = [{}, { codec: 'cbor' }, { smallBytes: 0 }].map((options) =>
    toHex(encodeMsglc(value, options as { codec?: CodecName })),
  )
  await writeFile(FILE, `${files.join('\n')}\n`)
  await needed(skip).script(script, server, { STEP: 'read', FILE })
  const float = (f: string): unknown => ({ f })
  const meant = [
    ['floats', [float('1.0'), float('0.5'), float('inf')]],
    ['singles', [float('2.0')]],
    ['integers', [{ i: '-300' }, { i: '300' }]],
    ['wide', [{ i: String(2n ** 64n - 1n) }]],
    [
      'rows',
      [
        [float('1.0'), float('2.0')],
        [float('3.0'), float('4.0')],
      ],
    ],
  ]
  const read = (await lines(`${FILE}.read`)).map((line) => JSON.parse(line))
  expect(read).toEqual(files.map(() => ({ m: meant })))
})

async function lines(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).trim().split('\n')
}

/** The value that Python described. */
function meantBy(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given
  if (Array.isArray(given)) return given.map(meantBy)
  const { i, f, b, m } = given as { i?: string; f?: string; b?: string; m?: [string, unknown][] }
  if (i !== undefined) return Number.isSafeInteger(Number(i)) ? Number(i) : BigInt(i)
  if (f !== undefined) return Number(f.replace('inf', 'Infinity'))
  if (b !== undefined) return hex(b)
  return Object.fromEntries((m ?? []).map(([key, value]) => [key, meantBy(value)]))
}
