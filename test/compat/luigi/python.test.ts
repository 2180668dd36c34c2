/** The real Luigi, boto3 and pyarrow and what is here, on one server: each reads what the other wrote. */
import { gzipSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gzip } from '../../../src/compat/luigi/formats/gzip.ts'
import {
  bytes,
  chainFormats,
  runTask,
  S3Client,
  S3FlagTarget,
  S3Target,
  type TargetFormat,
  text,
} from '../../../src/compat/luigi/index.ts'
import { parquet } from '../../../src/formats/parquet/index.ts'
import { PREPARE_MS, type Python, pythonFor, SCRIPT_MS } from '../../python.ts'
import { realServers, startServer, type TestServer } from '../../servers.ts'
import { all, pattern } from './world.ts'

const LINES = ['one\n', 'Größe 😀\n', `${'x'.repeat(200_000)}\n`, 'last']
const LARGE = pattern(17 * 1024 ** 2)
const ROWS = Array.from({ length: 1000 }, (_, n) => ({
  n,
  text: n % 3 ? `Größe ${n}` : null,
  at: new Date(Date.UTC(2026, 10, 21, 0, 0, n % 60)),
}))

let python: Python | undefined
let missing: string | undefined

beforeAll(async () => {
  const requirements = new URL('requirements.txt', import.meta.url)
  const what = 'Luigi, boto3 and pyarrow beside sluice/luigi'
  ;({ python, missing } = await pythonFor(what, requirements))
}, PREPARE_MS)

const servers = [{ kind: 'gateway' as const, missing: undefined }, ...realServers()]
const packed = chainFormats(text(), gzip())

/** Everything below this place, as the scripts know it. */
async function writeAll(client: S3Client, root: string): Promise<void> {
  for (const [name, format] of [['text'], ['text.gz', packed]] as const) {
    await using file = new S3Target(`${root}/${name}`, { client, format }).open('w')
    for (const line of LINES) await file.write(line)
    await file.close()
  }
  const members = LINES.map((line) => new Uint8Array(gzipSync(line)))
  await client.put(members, `${root}/members.gz`)
  await client.put(LARGE, `${root}/large`)
  await client.put(new Uint8Array([0x46, 0xf8, 0x80]), `${root}/latin`)
  await client.mkdir(`${root}/marked`)
  for (const name of ['a/1', 'a/2', 'b']) await client.putString('ab', `${root}/tree/${name}`)
  await client.putString('', `${root}/out/_SUCCESS`)
  await client.putString('x', `${root}/kept`, {
    contentType: 'text/csv',
    cacheControl: 'no-cache',
    metadata: { maker: 'sluice' },
  })
  await client.putString('made here', `${root}/report.csv`)
  const encoder = parquet<(typeof ROWS)[number]>({ rowGroupRows: 300 }).encoder()
  await using table = new S3Target(`${root}/table.parquet`, { client, format: bytes() }).open('w')
  for (const chunk of await encoder.write(ROWS)) await table.write(chunk)
  for (const chunk of (await encoder.close()).chunks) await table.write(chunk)
  await table.close()
}

describe.each(servers)('on $kind', ({ kind, missing: noServer }) => {
  let server: TestServer | undefined
  let root = ''
  let client: S3Client

  beforeAll(async () => {
    if (noServer !== undefined || missing !== undefined) return
    server = await startServer(kind)
    const { bucket, endpoint, accessKeyId, secretAccessKey, region } = server
    root = `s3://${bucket}`
    client = new S3Client({
      awsAccessKeyId: accessKeyId,
      awsSecretAccessKey: secretAccessKey,
      endpointUrl: endpoint,
      regionName: region,
    })
    await writeAll(client, `${root}/sluice`)
  }, 90_000)
  afterAll(() => server?.stop())

  const target = (name: string, format?: TargetFormat<string>): S3Target =>
    new S3Target(root + name, { client, format })
  const script = async (file: string, env?: Record<string, string>): Promise<void> => {
    await python?.script(new URL(file, import.meta.url), server as TestServer, env)
  }
  /** What both scripts have written. */
  const checkFiles = async (folder: string): Promise<void> => {
    for (const [name, format] of [['text'], ['text.gz', packed]] as const) {
      await using file = await target(`/${folder}/${name}`, format).open()
      expect(await file.read()).toBe(LINES.join(''))
    }
    expect(Buffer.compare(await client.getAsBytes(`${root}/${folder}/large`), LARGE)).toBe(0)
    expect(await client.getKey(`${root}/${folder}/large`)).toMatchObject({
      contentType: 'text/csv',
    })
  }

  test('Luigi', { timeout: 2 * SCRIPT_MS }, async ({ skip }) => {
    skip(missing !== undefined, missing)
    skip(!server, noServer)
    // For an absent key that ends in a slash it answers NoSuchVersion, which Luigi's client does not expect.
    const hasFolders = kind !== 'rustfs'
    if (!hasFolders) {
      await expect(script('with_luigi.py', { FOLDERS: 'yes' })).rejects.toThrow('NoSuchVersion')
    }
    await script('with_luigi.py', { FOLDERS: hasFolders ? 'yes' : 'no' })

    await checkFiles('luigi')
    await using lines = await target('/sluice/members.gz', packed).open()
    expect((await all(lines)).join('\n')).toBe(LINES.join(''))
    expect(await client.getAsString(`${root}/luigi/latin`, 'latin-1')).toBe('Fø\u0080')
    expect(await client.isDir(`${root}/luigi/text`)).toBe(false)
    expect(await new S3FlagTarget(`${root}/luigi/out/`, { client }).exists()).toBe(true)
    if (!hasFolders) return
    expect(await client.isDir(`${root}/luigi/marked`)).toBe(true)
    expect(await all(client.list(`${root}/luigi/tree`))).toEqual(['a/1', 'a/2', 'b'])
    let ran = false
    await runTask({
      output: () => target('/luigi/report.csv'),
      run: async () => {
        ran = true
      },
    })
    expect(ran).toBe(false)
    expect(await client.getAsString(`${root}/sluice/report.csv`)).toBe('made here')
    expect(await client.remove(`${root}/luigi`)).toBe(true)
    expect(await client.exists(`${root}/luigi`)).toBe(false)
  })

  test('boto3 and pyarrow', { timeout: 2 * SCRIPT_MS }, async ({ skip }) => {
    skip(missing !== undefined, missing)
    skip(!server, noServer)
    await script('with_boto3.py')

    await checkFiles('boto3')
    expect(await client.getKey(`${root}/boto3/large`)).toMatchObject({
      cacheControl: 'no-cache',
      metadata: { maker: 'boto3' },
    })
    expect(await all(client.list(`${root}/boto3/tree`))).toEqual(['a/1', 'a/2', 'b'])
    expect(await client.isDir(`${root}/boto3/marked`)).toBe(true)
    const file = (await client.getAsBytes(`${root}/boto3/table.parquet`)).buffer
    expect(await parquetReadObjects({ file })).toEqual(
      ROWS.map((row) => ({ ...row, n: BigInt(row.n) })),
    )
    await using csv = await target('/boto3/table.csv.gz', packed).open()
    const [head, ...lines] = await all(csv)
    expect(head).toBe('"n","text"')
    expect(lines).toEqual(ROWS.map(({ n, text }) => `${n},${text === null ? '' : `"${text}"`}`))
  })
})
