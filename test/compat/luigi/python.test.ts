/** The real Luigi and what is here, on one server: each reads what the other wrote. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gzip } from '../../../src/compat/luigi/formats/gzip.ts'
import {
  chainFormats,
  runTask,
  S3Client,
  S3FlagTarget,
  S3Target,
  type TargetFormat,
  text,
} from '../../../src/compat/luigi/index.ts'
import { PREPARE_MS, type Python, pythonFor, SCRIPT_MS } from '../../python.ts'
import { realServers, startServer, type TestServer } from '../../servers.ts'
import { all, pattern } from './world.ts'

const LINES = ['one\n', 'Größe 😀\n', `${'x'.repeat(200_000)}\n`, 'last']
const LARGE = pattern(17 * 1024 ** 2)

let python: Python | undefined
let missing: string | undefined

beforeAll(async () => {
  const requirements = new URL('requirements.txt', import.meta.url)
  ;({ python, missing } = await pythonFor('Luigi beside sluice/luigi', requirements))
}, PREPARE_MS)

const servers = [{ kind: 'gateway' as const, missing: undefined }, ...realServers()]

describe.each(servers)('on $kind', ({ kind, missing: noServer }) => {
  let server: TestServer | undefined

  beforeAll(async () => {
    if (noServer === undefined && missing === undefined) server = await startServer(kind)
  }, 90_000)
  afterAll(() => server?.stop())

  test('what one writes the other reads', { timeout: 2 * SCRIPT_MS }, async ({ skip }) => {
    skip(missing !== undefined, missing)
    skip(!server, noServer)
    if (!server) return
    const { bucket, endpoint, accessKeyId, secretAccessKey, region } = server
    const client = new S3Client({
      awsAccessKeyId: accessKeyId,
      awsSecretAccessKey: secretAccessKey,
      endpointUrl: endpoint,
      regionName: region,
    })
    const root = `s3://${bucket}`
    const target = (name: string, format?: TargetFormat<string>): S3Target =>
      new S3Target(root + name, { client, format })
    const write = async (to: S3Target): Promise<void> => {
      await using file = to.open('w')
      for (const line of LINES) await file.write(line)
      await file.close()
    }
    const packed = chainFormats(text(), gzip())

    await write(target('/sluice/text'))
    await write(target('/sluice/text.gz', packed))
    const members = LINES.map((line) => new Uint8Array(gzipSync(line)))
    await client.put(members, `${root}/sluice/members.gz`)
    await client.put(LARGE, `${root}/sluice/large`)
    await client.put(new Uint8Array([0x46, 0xf8, 0x80]), `${root}/sluice/latin`)
    await client.mkdir(`${root}/sluice/marked`)
    for (const name of ['a/1', 'a/2', 'b']) {
      await client.putString('ab', `${root}/sluice/tree/${name}`)
    }
    await client.putString('', `${root}/sluice/out/_SUCCESS`)
    await client.putString('x', `${root}/sluice/kept`, { contentType: 'text/csv' })
    await client.putString('made here', `${root}/sluice/report.csv`)

    const script = python?.script(new URL('with_luigi.py', import.meta.url), server)
    if (kind === 'rustfs') {
      // It answers NoSuchVersion for an absent key that ends in a slash, which Luigi's client does not expect.
      await expect(script).rejects.toThrow('NoSuchVersion')
      return
    }
    await script

    for (const [name, format] of [['/luigi/text'], ['/luigi/text.gz', packed]] as const) {
      await using file = await target(name, format).open()
      expect(await file.read()).toBe(LINES.join(''))
    }
    await using lines = await target('/sluice/members.gz', packed).open()
    expect((await all(lines)).join('\n')).toBe(LINES.join(''))
    expect(Buffer.compare(await client.getAsBytes(`${root}/luigi/large`), LARGE)).toBe(0)
    expect(await client.getKey(`${root}/luigi/large`)).toMatchObject({ contentType: 'text/csv' })
    expect(await client.getAsString(`${root}/luigi/latin`, 'latin-1')).toBe('Fø\u0080')
    expect(await client.isDir(`${root}/luigi/marked`)).toBe(true)
    expect(await client.isDir(`${root}/luigi/text`)).toBe(false)
    expect(await all(client.list(`${root}/luigi/tree`))).toEqual(['a/1', 'a/2', 'b'])
    expect(await new S3FlagTarget(`${root}/luigi/out/`, { client }).exists()).toBe(true)
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
})
