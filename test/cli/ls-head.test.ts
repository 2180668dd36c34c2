import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory.ts'
import { startGateway, type TestServer } from '../servers.ts'
import { ended, environmentOf, sluice, start, temporaryFolder } from './tools.ts'

const store = memoryStore()
const root = new URL('../../node_modules/vega-datasets/data/', import.meta.url)
let server: TestServer
let env: Record<string, string>

beforeAll(async () => {
  server = await startGateway(store)
  env = environmentOf(server)
})

afterAll(() => server.stop())

const address = (key: string): string => `s3://${server.bucket}/${key}`
const data = (name: string): string => decodeURIComponent(new URL(name, root).pathname)
const text = (words: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(words)

describe('ls', () => {
  beforeAll(async () => {
    for (const key of ['top', 'dir/a', 'dir/b b', 'dir/sub/c', 'dirt', 'evil/\u202etxt.exe']) {
      await store.put(key, text(key))
    }
  })

  test('folders are folded, sizes and dates are told', async () => {
    const listed = await sluice(['ls', `s3://${server.bucket}`], { env })
    expect(listed).toMatchObject({ status: 0, stderr: '' })
    expect(listed.stdout.split('\n')).toEqual([
      expect.stringMatching(/^ +dir\/$/),
      expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +4 {2}dirt$/),
      expect.stringMatching(/^ +evil\/$/),
      expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +3 {2}top$/),
      '',
    ])
  })

  test('a prefix need not be a folder', async () => {
    const { stdout } = await sluice(['ls', address('dir')], { env })
    expect(stdout).toMatch(/^ +dir\/\n.* dirt\n$/)
  })

  test('--recursive lists every object', async () => {
    const { stdout } = await sluice(['ls', '--recursive', address('dir/')], { env })
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(36)),
    ).toEqual(['dir/a', 'dir/b b', 'dir/sub/c'])
  })

  test('a name cannot turn the terminal around', async () => {
    const { stdout } = await sluice(['ls', address('evil/')], { env })
    expect(stdout).toContain('evil/\\u202etxt.exe')
    expect(stdout).not.toContain('\u202e')
  })

  test('more than one page', async () => {
    const many = await server.newBucket()
    const filled = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        sluice(['put', '-', `s3://${many.bucket}/k${i}`], { env, input: String(i) }),
      ),
    )
    expect(filled.every(({ status }) => status === 0)).toBe(true)
    const { stdout } = await sluice(['ls', `s3://${many.bucket}/k`], { env })
    expect(stdout.trimEnd().split('\n')).toHaveLength(12)
    await many.remove()
  })

  test('what nothing begins with is not found; an empty bucket is nothing wrong', async () => {
    expect(await sluice(['ls', address('nothing')], { env })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `sluice: not-found: There is no object that begins with ${address('nothing')}\n`,
    })
    const empty = await server.newBucket()
    expect(await sluice(['ls', `s3://${empty.bucket}`], { env })).toMatchObject({
      status: 0,
      stdout: '',
    })
    await empty.remove()
  })

  test('a folder, a file, and what is not there', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'sub'))
    await writeFile(join(folder, 'file'), '12345')
    await writeFile(join(folder, 'sub', 'inner'), '')
    const listed = await sluice(['ls', folder])
    expect(listed.stdout).toMatch(/^\S+ +5 {2}file\n +sub\/\n$/)
    expect((await sluice(['ls', '-r', folder])).stdout).toMatch(/ file\n.* sub\/inner\n$/)
    expect((await sluice(['ls', 'file'], { cwd: folder })).stdout).toMatch(/^\S+ +5 {2}file\n$/)
    // A path is a path, not a key: nothing in it is escaped.
    await writeFile(join(folder, '100%25.csv'), 'a\n1\n')
    expect((await sluice(['ls', folder])).stdout).toContain('  100%25.csv\n')
    expect((await sluice(['head', '100%25.csv'], { cwd: folder })).stdout).toBe('{"a":"1"}\n')
    expect(await sluice(['ls', join(folder, 'none')])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^sluice: not-found: /),
    })
  })
})

describe('head', () => {
  test('the first ten records unless told otherwise', async () => {
    const flights = await sluice(['head', data('flights-2k.json')])
    expect(flights).toMatchObject({ status: 0, stderr: '' })
    const lines = flights.stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(10)
    expect(Object.keys(JSON.parse(lines[0] as string))).toEqual([
      'date',
      'delay',
      'distance',
      'origin',
      'destination',
    ])
    const birds = await sluice(['head', '-n', '3', data('birdstrikes.csv')])
    expect(birds.stdout.trimEnd().split('\n')).toHaveLength(3)
  })

  test('standard input, with its kind', async () => {
    const input = 'a;b,c\n1,2\n'
    expect(await sluice(['head', '-', '--from', 'csv'], { input })).toMatchObject({
      status: 0,
      stdout: '{"a;b":"1","c":"2"}\n',
    })
  })

  test('ends with its last record while standard input, even gzip, stays open and quiet', async () => {
    const text = `{"a":1}\n${`{"a":"${'x'.repeat(1000)}"}\n`.repeat(2000)}`
    for (const input of [Buffer.from(text), gzipSync(text, { level: 0 })]) {
      const child = start(['head', '-n', '1', '-', '--from', 'ndjson'])
      child.stdin.on('error', () => {})
      child.stdin.write(input)
      expect(await ended(child)).toMatchObject({ status: 0, stdout: '{"a":1}\n' })
    }
  })

  test('integers that no double holds stay exact', async () => {
    const { stdout } = await sluice(['head', '-', '--from', 'ndjson'], {
      input: '{"id":9007199254740993}\n',
    })
    expect(stdout).toBe('{"id":9007199254740993}\n')
  })

  test('of a large Parquet file only a part is read', async () => {
    let readBytes = 0
    const counting = await startGateway({
      ...store,
      async get(key, options) {
        const { start = 0, end = 0 } = options?.range ?? {}
        readBytes += options?.range ? end - start : Number.POSITIVE_INFINITY
        return store.get(key, options)
      },
    })
    const counted = environmentOf(counting)
    const file = data('flights-3m.parquet')
    const key = 'flights.parquet'
    expect(
      await sluice(['put', file, `s3://${counting.bucket}/${key}`], { env: counted }),
    ).toMatchObject({ status: 0 })
    const head = await sluice(['head', '-n', '2', `s3://${counting.bucket}/${key}`], {
      env: counted,
    })
    expect(head).toMatchObject({ status: 0, stderr: '' })
    expect(head.stdout.trimEnd().split('\n')).toHaveLength(2)
    expect(readBytes).toBeLessThan(((await store.head(key))?.sizeBytes ?? 0) / 2)
    expect((await sluice(['head', '-n', '2', file])).stdout).toBe(head.stdout)
    await counting.stop()
  })

  test('what is no Parquet file is said to be none', async () => {
    await store.put('broken.parquet', text('PAR1 and no more'))
    const head = await sluice(['head', address('broken.parquet')], { env })
    expect(head).toMatchObject({ status: 1, stdout: '' })
    expect(head.stderr).toMatch(/^sluice: invalid-record: [^\n]*Parquet[^\n]*\n$/)
  })

  test.each(['', 'PAR1'])(
    'nor is %j one, and it is said how many bytes there are',
    async (words) => {
      await store.put('short.parquet', text(words))
      expect(await sluice(['head', address('short.parquet')], { env })).toMatchObject({
        status: 1,
        stdout: '',
        stderr: `sluice: invalid-record: This is no Parquet file: it has ${words.length} bytes, and the smallest has 12\n`,
      })
    },
  )

  test('a name that ends in .gz is not believed', async () => {
    const refused = {
      status: 1,
      stdout: '',
      stderr: 'sluice: invalid-record: The name ends in .gz, but this is no gzip data\n',
    }
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'junk.csv.gz'), 'junk\n')
    expect(await sluice(['head', 'junk.csv.gz'], { cwd: folder })).toMatchObject(refused)
    const put = ['put', 'junk.csv.gz', 'out.jsonl']
    expect(await sluice(put, { cwd: folder })).toMatchObject(refused)
    await store.put('junk.csv.gz', text('junk\n'))
    expect(await sluice(['head', address('junk.csv.gz')], { env })).toMatchObject(refused)
  })

  test('but an object that fetch has unpacked by its Content-Encoding is read', async () => {
    const packed = await new Response(
      new Blob(['a\n1\n']).stream().pipeThrough(new CompressionStream('gzip')),
    ).bytes()
    await store.put('encoded.csv.gz', packed, { contentEncoding: 'gzip' })
    expect(await sluice(['head', address('encoded.csv.gz')], { env })).toMatchObject({
      status: 0,
      stdout: '{"a":"1"}\n',
    })
  })

  test('gzip that is cut short is an error, not the end', async () => {
    const whole = await new Response(
      new Blob(['{"a":1}\n'.repeat(100_000)]).stream().pipeThrough(new CompressionStream('gzip')),
    ).bytes()
    await store.put('cut.jsonl.gz', whole.slice(0, -20) as Uint8Array<ArrayBuffer>)
    const head = await sluice(['head', '-n', '1000000', address('cut.jsonl.gz')], { env })
    expect(head.status).toBe(1)
    expect(head.stderr).toMatch(/^sluice: invalid-record: .*gzip.*\n$/)
  })

  test('an absent object', async () => {
    for (const key of ['none.csv', 'none.parquet']) {
      expect(await sluice(['head', address(key)], { env })).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/^sluice: not-found: /),
      })
    }
  })
})

test('an answer that is cut short fails the command', async () => {
  const rude = createServer((request, response) => {
    // It is asked to go on from where it stopped, a few times.
    if (request.headers.range) return void response.destroy()
    response.writeHead(200, {
      'content-length': '100',
      etag: '"x"',
      'last-modified': 'Sat, 21 Nov 2026 11:00:00 GMT',
    })
    response.write('only this', () => response.destroy())
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => rude.once('listening', resolve))
  const { port } = rude.address() as { port: number }
  const cat = await sluice(['cat', 's3://bucket/x', '--endpoint', `http://127.0.0.1:${port}`], {
    env,
  })
  expect(cat.status).toBe(1)
  expect(cat.stderr).toMatch(/^sluice: network: .*\n$/)
  rude.close()
})
