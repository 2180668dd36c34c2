import { execFileSync } from 'node:child_process'
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parquetMetadata } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Store } from '../../src/contracts/index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { startGateway, type TestServer } from '../servers.ts'
import { ended, environmentOf, noise, sluice, start, temporaryFolder } from './tools.ts'

/** Tells a test of what the command does to the bucket, so that it need not guess when. */
let onPart: () => unknown = () => {}
const store = watched(memoryStore())
let server: TestServer
let env: Record<string, string>

beforeAll(async () => {
  server = await startGateway(store)
  env = environmentOf(server)
})

afterAll(() => server.stop())

function watched(inner: Store): Store {
  return {
    ...inner,
    async createMultipart(key, options) {
      const upload = await (inner.createMultipart as NonNullable<Store['createMultipart']>)(
        key,
        options,
      )
      return {
        ...upload,
        async putPart(...args) {
          const part = await upload.putPart(...args)
          onPart()
          return part
        },
      }
    },
    resumeMultipart(token) {
      const upload = (inner.resumeMultipart as NonNullable<Store['resumeMultipart']>)(token)
      return {
        ...upload,
        async putPart(...args) {
          const part = await upload.putPart(...args)
          onPart()
          return part
        },
      }
    },
  }
}

async function stored(key: string): Promise<Buffer | undefined> {
  const found = await store.get(key)
  return found && Buffer.from(await found.bytes())
}

async function openUploads(): Promise<unknown[]> {
  const uploads: unknown[] = []
  for await (const upload of store.listMultipart?.('') ?? []) uploads.push(upload)
  return uploads
}

const address = (key: string): string => `s3://${server.bucket}/${key}`

describe('bytes as they are', () => {
  test('a file goes to a bucket and comes back, quietly', async () => {
    const folder = await temporaryFolder()
    const bytes = Buffer.from([0, 255, 10, 13, 10, 128])
    await writeFile(join(folder, 'a.bin'), bytes)
    const put = await sluice(['put', join(folder, 'a.bin'), address('dir/a.bin')], { env })
    expect(put).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(await stored('dir/a.bin')).toEqual(bytes)
    const cat = await sluice(['cat', address('dir/a.bin')], { env })
    expect(cat).toMatchObject({ status: 0, stderr: '' })
    expect(cat.bytes).toEqual(bytes)
  })

  test('20 MiB go in parts, from standard input too', async () => {
    const folder = await temporaryFolder()
    const bytes = noise(20 * 1024 * 1024 + 7)
    await writeFile(join(folder, 'big'), bytes)
    let parts = 0
    onPart = () => void parts++
    expect(await sluice(['put', join(folder, 'big'), address('big')], { env })).toMatchObject({
      status: 0,
    })
    expect(parts).toBe(3)
    expect((await stored('big'))?.equals(bytes)).toBe(true)
    expect(await sluice(['put', '-', address('big-too')], { env, input: bytes })).toMatchObject({
      status: 0,
    })
    expect(parts).toBe(6)
    const cat = await sluice(['cat', address('big-too')], { env })
    expect(cat.bytes.equals(bytes)).toBe(true)
    expect(await openUploads()).toEqual([])
  })

  test('nothing at all is an empty object', async () => {
    expect(await sluice(['put', '-', address('empty')], { env })).toMatchObject({ status: 0 })
    expect(await stored('empty')).toEqual(Buffer.alloc(0))
  })

  test('from folder to folder, and from bucket to folder', async () => {
    const folder = await temporaryFolder()
    await store.put('from/bucket', new TextEncoder().encode('words'))
    const copy = join(folder, 'copy')
    expect(await sluice(['put', address('from/bucket'), copy], { env })).toMatchObject({
      status: 0,
    })
    expect(await readFile(copy, 'utf8')).toBe('words')
    expect(await sluice(['put', 'copy', 'copy 2'], { cwd: folder })).toMatchObject({ status: 0 })
    expect(await readFile(join(folder, 'copy 2'), 'utf8')).toBe('words')
    expect((await sluice(['cat', 'copy 2'], { cwd: folder })).stdout).toBe('words')
  })

  test('a file that is there keeps its permissions, and a link its target', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'target'), 'old')
    await chmod(join(folder, 'target'), 0o640)
    await symlink('target', join(folder, 'link'))
    const put = await sluice(['put', '-', 'link'], { cwd: folder, input: 'new' })
    expect(put).toMatchObject({ status: 0, stderr: '' })
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('new')
    expect((await stat(join(folder, 'target'))).mode & 0o777).toBe(0o640)
    expect((await readdir(folder)).sort()).toEqual(['link', 'target'])
  })

  test.each([
    "a b/c+d%20e?f=g#h&i'(*)!~.txt",
    'ключ/键/🗝',
    'a//b',
    '$(touch x);`id`',
    '-rf',
    'C:\\x',
  ])('the key %j stays as it is', async (key) => {
    expect(await sluice(['put', '-', address(key)], { env, input: key })).toMatchObject({
      status: 0,
    })
    expect((await stored(key))?.toString()).toBe(key)
    expect((await sluice(['cat', address(key)], { env })).stdout).toBe(key)
  })

  test.each(['../up', 'a/../b', './a', 'a\u0001b'])('the key %j is refused', async (key) => {
    const put = await sluice(['put', '-', address(key)], { env, input: 'x' })
    expect(put.status).toBe(1)
    expect(put.stderr).toMatch(/^sluice: invalid-key: [ -~]*\n$/)
  })
})

describe('records', () => {
  const CSV = 'id,name,when\n1,Ann,2026-01-02\n2,"Bob ""B""",\n'

  test.each(['jsonl', 'jsonl.gz', 'csv', 'csv.gz', 'parquet'])('CSV becomes %s', async (format) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'in.csv'), CSV)
    const key = `out.${format}`
    const put = await sluice(['put', 'in.csv', address(key), '--format', format], {
      env,
      cwd: folder,
    })
    expect(put).toMatchObject({ status: 0, stdout: '', stderr: '' })
    const head = await sluice(['head', address(key)], { env })
    expect(head).toMatchObject({ status: 0, stderr: '' })
    const rows = head.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const typed = format.startsWith('csv')
      ? [
          { id: '1', name: 'Ann', when: '2026-01-02T00:00:00.000Z' },
          { id: '2', name: 'Bob "B"', when: null },
        ]
      : [
          { id: 1, name: 'Ann', when: '2026-01-02T00:00:00.000Z' },
          { id: 2, name: 'Bob "B"', when: null },
        ]
    expect(rows).toEqual(typed)
    expect((await store.head(key))?.contentEncoding).toBeUndefined()
  })

  test('a pipe is read once, and its columns are those of all records', async () => {
    const input = '{"a":1}\n{"a":2.5,"b":"late"}\n'
    const args = ['put', '-', address('pipe.parquet'), '--format', 'parquet', '--from', 'ndjson']
    expect(await sluice(args, { env, input })).toMatchObject({ status: 0, stderr: '' })
    const head = await sluice(['head', address('pipe.parquet')], { env })
    expect(head.stdout).toBe('{"a":1,"b":null}\n{"a":2.5,"b":"late"}\n')
  })

  test('so is a named pipe', async () => {
    const folder = await temporaryFolder()
    execFileSync('mkfifo', [join(folder, 'pipe.csv')])
    const writing = writeFile(join(folder, 'pipe.csv'), CSV)
    const args = ['put', 'pipe.csv', 'out.jsonl', '--format', 'jsonl']
    expect(await sluice(args, { cwd: folder })).toMatchObject({ status: 0, stderr: '' })
    await writing
    expect((await readFile(join(folder, 'out.jsonl'), 'utf8')).split('\n')[0]).toBe(
      '{"id":1,"name":"Ann","when":"2026-01-02T00:00:00.000Z"}',
    )
    expect((await readdir(folder)).sort()).toEqual(['out.jsonl', 'pipe.csv'])
  })

  test('the end of the address says what becomes of the records', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'in.csv'), CSV)
    const put = (...args: string[]) => sluice(['put', ...args], { cwd: folder, input: CSV })
    const head = async (name: string) => (await sluice(['head', name], { cwd: folder })).stdout
    const records =
      '{"id":1,"name":"Ann","when":"2026-01-02T00:00:00.000Z"}\n{"id":2,"name":"Bob \\"B\\"","when":null}\n'
    for (const name of ['out.parquet', 'out.jsonl', 'out.ndjson.gz', 'OUT.JSONL']) {
      expect(await put('in.csv', name)).toMatchObject({ status: 0, stderr: '' })
      expect(await head(name)).toBe(records)
    }
    expect(await put('-', 'pipe.parquet', '--from', 'csv')).toMatchObject({ status: 0, stderr: '' })
    expect(await head('pipe.parquet')).toBe(records)
    // A pipe has no name, and another ending no meaning.
    for (const args of [
      ['-', 'pipe.jsonl'],
      ['in.csv', 'out.txt'],
      ['out.txt', 'out.ndjson'],
    ]) {
      expect(await put(...args)).toMatchObject({ status: 0, stderr: '' })
      expect(await readFile(join(folder, args[1] as string), 'utf8')).toBe(CSV)
    }
  })

  test.each(['csv', 'parquet'])(
    'a header without records keeps its columns in %s',
    async (format) => {
      const folder = await temporaryFolder()
      await writeFile(join(folder, 'header.csv'), 'a,"b,c",__proto__\n')
      const args = ['put', 'header.csv', `out.${format}`, '--format', format]
      expect(await sluice(args, { cwd: folder })).toMatchObject({ status: 0, stderr: '' })
      const bytes = await readFile(join(folder, `out.${format}`))
      if (format === 'csv') expect(bytes.toString()).toBe('a,"b,c",__proto__\n')
      else {
        const { schema, num_rows } = parquetMetadata(new Uint8Array(bytes).buffer)
        expect(num_rows).toBe(0n)
        expect(schema.slice(1).map(({ name }) => name)).toEqual(['a', 'b,c', '__proto__'])
      }
    },
  )

  test('a record that cannot be read leaves nothing', async () => {
    const args = ['put', '-', address('bad.parquet'), '--format', 'parquet', '--from', 'ndjson']
    const put = await sluice(args, { env, input: '{"a":1}\n{"a":\n' })
    expect(put.status).toBe(1)
    expect(put.stderr).toMatch(/^sluice: invalid-record: .*line 2.*\n$/i)
    expect(await stored('bad.parquet')).toBeUndefined()
  })

  test('a record that the format refuses is named', async () => {
    const args = ['put', '-', address('bad.jsonl'), '--format', 'jsonl', '--from', 'ndjson']
    const put = await sluice(args, { env, input: '{"a":1}\n{"a":{"b":"\\ud800"}}\n' })
    expect(put.status).toBe(1)
    expect(put.stderr).toMatch(
      /^sluice: invalid-record: Record 2: \/a\/b holds a lone surrogate.*\n$/,
    )
    expect(await stored('bad.jsonl')).toBeUndefined()
  })
})

describe('whole or absent', () => {
  test('an interruption leaves no object and no open upload', async () => {
    const parts = Promise.withResolvers<void>()
    let left = 2
    onPart = () => --left === 0 && parts.resolve()
    const child = start(['put', '-', address('interrupted')], { env })
    child.stdin.on('error', () => {})
    // All is read and two parts are sent: the command waits for more, which never comes.
    await new Promise((resolve) => child.stdin.write(noise(20 * 1024 * 1024), resolve))
    await parts.promise
    expect(await openUploads()).toHaveLength(1)
    child.kill('SIGINT')
    const put = await ended(child)
    expect(put.status).toBe(130)
    expect(put.stderr).toMatch(/^sluice: aborted: .*\n$/)
    expect(await stored('interrupted')).toBeUndefined()
    expect(await openUploads()).toEqual([])
  })

  test('an interruption leaves no file and no rest of one', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'old'), 'as it was')
    const child = start(['put', '-', 'old'], { cwd: folder })
    child.stdin.on('error', () => {})
    // Written to the last byte means that the command has read all but what a pipe holds.
    await new Promise((resolve) => child.stdin.write(noise(20 * 1024 * 1024), resolve))
    child.kill('SIGTERM')
    expect((await ended(child)).status).toBe(143)
    expect(await readdir(folder)).toEqual(['old'])
    expect(await readFile(join(folder, 'old'), 'utf8')).toBe('as it was')
  })

  test('a server that fails leaves no object, and its own words', async () => {
    const put = await sluice(['put', '-', 's3://no-such-bucket/x'], { env, input: 'x' })
    expect(put.status).toBe(1)
    expect(put.stderr).toMatch(/^sluice: not-found: .*NoSuchBucket.*\n$/)
  })
})

describe('a reader that goes away', () => {
  test('is no failure', async () => {
    await store.put('long', noise(8 * 1024 * 1024) as Uint8Array<ArrayBuffer>)
    const child = start(['cat', address('long')], { env })
    child.stdin.end()
    child.stdout.once('data', () => child.stdout.destroy())
    const cat = await ended(child)
    expect(cat).toMatchObject({ status: 0, stderr: '' })
  })
})
