import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeMsglc } from '../../src/formats/msglc/index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { PICKLED } from '../formats/msglc/tools.ts'
import { startGateway, type TestServer } from '../servers.ts'
import { environmentOf, noise, runHere, sluice, temporaryFolder } from './tools.ts'

const value = {
  sensor: 'a',
  rows: Array.from({ length: 2000 }, (_, second) => ({ second, text: 'x'.repeat(100) })),
  'a/b': [true, null],
  odd: new Map<unknown, unknown>([
    [1, Number.NaN],
    [Uint8Array.of(255), new Uint8Array([1, 2])],
    ['big', 2n ** 60n],
  ]),
  'evil\u202e': -0,
}
const store = memoryStore()
let readBytes = 0
let server: TestServer
let env: Record<string, string>

beforeAll(async () => {
  server = await startGateway({
    ...store,
    async get(key, options) {
      const { start = 0, end = 0 } = options?.range ?? {}
      readBytes += options?.range ? end - start : Number.POSITIVE_INFINITY
      return store.get(key, options)
    },
  })
  env = environmentOf(server)
  await store.put('value', encodeMsglc(value))
  await store.put('list', encodeMsglc([1, [2], 'three'], { codec: 'cbor' }))
})

afterAll(() => server.stop())

const address = (key: string): string => `s3://${server.bucket}/${key}`
/** In this process, which has room for short answers. */
const msglc = async (...args: string[]): Promise<[string, string]> => {
  const { stdout, stderr } = await runHere(['msglc', ...args], env)
  return [stdout, stderr]
}

describe('sluice msglc', () => {
  test('get prints one value, and reads little more', async () => {
    readBytes = 0
    expect(await msglc('get', address('value'), 'rows/-1/second')).toEqual(['1999\n', ''])
    expect(readBytes).toBeLessThan(60_000)
    expect(await msglc('get', address('value'), '["a/b",0]')).toEqual(['true\n', ''])
    expect(await msglc('get', address('value'), '["odd",1]')).toEqual(['"NaN"\n', ''])
    expect(await msglc('get', address('value'), 'odd')).toEqual([
      '{"1":"NaN","/w==":"AQI=","big":1152921504606846976}\n',
      '',
    ])
    const [slice] = await msglc('get', address('value'), 'rows/5:7')
    expect(JSON.parse(slice)).toEqual(value.rows.slice(5, 7))
  })

  test('ls prints keys, or places', async () => {
    expect(await msglc('ls', address('value'))).toEqual([
      'sensor\nrows\na/b\nodd\nevil\\u202e\n',
      '',
    ])
    expect(await msglc('ls', address('value'), '["a/b"]')).toEqual(['0\n1\n', ''])
    expect(await msglc('ls', address('value'), 'sensor')).toEqual([
      '',
      'sluice: invalid-options: /sensor is no map\n',
    ])
  })

  test('cat prints all, and a list line by line', async () => {
    expect(await msglc('cat', address('list'))).toEqual(['1\n[2]\n"three"\n', ''])
    const { stdout } = await sluice(['msglc', 'cat', address('value')], { env })
    expect(JSON.parse(stdout)).toMatchObject({ sensor: 'a', rows: value.rows })
  })

  test('a file, and standard input', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'archive.msglc')
    const bytes = encodeMsglc({ noise: new Uint8Array(noise(300_000)), array: PICKLED })
    await writeFile(file, bytes)
    expect((await sluice(['msglc', 'get', file, 'array'])).stdout).toBe('[[0,1,2],[3,4,5]]\n')
    const piped = await sluice(['msglc', 'get', '-', 'array'], { input: bytes })
    expect(piped).toMatchObject({ status: 0, stdout: '[[0,1,2],[3,4,5]]\n' })
    await writeFile(file, 'something else')
    expect(await sluice(['msglc', 'cat', file])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^sluice: protocol: /),
    })
    expect(await sluice(['msglc', 'cat', join(folder, 'none')])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^sluice: not-found: /),
    })
  })

  test('what is not there', async () => {
    expect(await msglc('cat', address('none'))).toEqual([
      '',
      expect.stringMatching(/^sluice: not-found: /),
    ])
    expect(await msglc('get', address('value'), 'rows/2000')).toEqual([
      '',
      'sluice: not-found: /rows has no 2000\n',
    ])
  })

  test.each([
    [['msglc']],
    [['msglc', 'put', 'x']],
    [['msglc', 'get', 'x']],
    [['msglc', 'get', 'x', '["a"']],
    [['msglc', 'get', 'x', '[{}]']],
    [['msglc', 'cat', 's3://bucket']],
  ])('%j makes no sense', async (args) => {
    const done = await runHere(args)
    expect([done.status, done.stdout]).toEqual([2, ''])
    expect(done.stderr).toMatch(/sluice: usage: [^\n]+\n$/)
  })
})
