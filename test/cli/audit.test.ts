import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { consumer, S3Bucket } from '../../src/compat/buildflow/index.ts'
import { utf8 } from '../../src/core/bytes.ts'
import { jsonl } from '../../src/formats/jsonl.ts'
import { fileLog, fsStore } from '../../src/node/index.ts'
import { createSink, type FileSink } from '../../src/sinks/create-sink.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { withPrefix } from '../../src/stores/with-prefix.ts'
import { startGateway, type TestServer } from '../servers.ts'
import { environmentOf, runHere, temporaryFolder } from './tools.ts'

const store = memoryStore()
let server: TestServer
let env: Record<string, string>

beforeAll(async () => {
  server = await startGateway(store)
  env = environmentOf(server)
})

afterAll(() => server.stop())

test('says what each lane holds, what is missing and what lies about, and fails for what is missing', async () => {
  const base = withPrefix(store, 'base/')
  const sink = createSink({
    store: base,
    format: jsonl(),
    stream: 'in',
    shard: '0',
    rotate: { records: 2 },
  })
  await sink.write([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }, { id: 5 }])
  const { files } = await sink.close()
  const address = `s3://${server.bucket}/base/in`
  const good = await runHere(['audit', address], env)
  expect(good).toEqual({ status: 0, stderr: '', stdout: 'ok    in/0-auto  files: 3, records: 5\n' })

  await base.delete(files[1]?.key ?? '')
  await base.put('in/\u202eodd', utf8('?'))
  const bad = await runHere(['audit', `${address}/`], env)
  expect(bad).toEqual({
    status: 1,
    stderr: 'sluice: not-found: records are missing: see above\n',
    stdout: [
      'FAIL  in/0-auto  files: 2, records: 3',
      '      missing: records 2 to 4',
      'note  in/\\u202eodd: no file of the stream',
      '',
    ].join('\n'),
  })

  const json = await runHere(['audit', address, '--json'], env)
  expect(json.status).toBe(1)
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, lanes: [{ gaps: [[2, 4]] }] })
})

test.each([
  ['to/file', 'to/file', '{stream}-{uuid}.{ext}'],
  ['to/file.in', 'to/file_in', 'file.in-{uuid}.{ext}'],
])(
  'counts the replicas of BuildFlow’s %s, as docs/coming-from/buildflow.md says',
  async (filePath, path, name) => {
    const bucket = new S3Bucket({ bucketName: 'bucket', filePath, fileFormat: 'JSON', store })
    await consumer([1, 2, NaN], (id) => ({ id }), bucket)
    const address = `s3://${server.bucket}/${path}`
    const named = await runHere(['audit', address, '--name', name], env)
    expect(named).toMatchObject({ status: 0, stderr: '' })
    expect(named.stdout).toMatch(/_rejected.* records: 1\nok .*-auto {2}files: 1, records: 2\n$/)
    expect((await runHere(['audit', address], env)).stdout).not.toContain('-auto')
  },
)

test('counts them in a folder too, below the one that the store was opened on', async () => {
  const folder = await temporaryFolder()
  const bucket = new S3Bucket({
    bucketName: 'bucket',
    filePath: 'to/the/file',
    fileFormat: 'JSON',
    store: fsStore(folder),
  })
  await consumer([1, 2], (id) => ({ id }), bucket)
  const args = ['audit', join(folder, 'to/the/file'), '--name', '{stream}-{uuid}.{ext}']
  expect((await runHere(args)).stdout).toMatch(/^ok .*-auto {2}files: 1, records: 2\n$/)
})

test('fails for what is there twice', async () => {
  const name = (begin: number, end: number): string =>
    `twice/0-auto-${String(begin).padStart(19, '0')}-${String(end).padStart(19, '0')}.jsonl`
  await store.put(name(0, 3), utf8(''))
  await store.put(name(2, 4), utf8(''))
  const done = await runHere(['audit', `s3://${server.bucket}/twice`], env)
  expect(done).toMatchObject({
    status: 1,
    stdout: 'FAIL  twice/0-auto  files: 2, records: 5\n      twice: records 2 to 3\n',
    stderr: 'sluice: conflict: records are there more than once: see above\n',
  })
})

test('looks into a folder, and takes the template of the names', async () => {
  const folder = await temporaryFolder()
  const name = '{date}/{uuid}.{ext}'
  const sink = createSink({ store: fsStore(folder), format: jsonl(), shard: '0', name })
  await sink.write([{ id: 1 }])
  await sink.close()
  const done = await runHere(['audit', `${folder}/records`, '--name', name])
  expect(done).toEqual({
    status: 0,
    stderr: '',
    stdout: 'ok    records/0-auto  files: 1, records: 1\n',
  })
})

test('knows a stream that is not there from one that is whole', async () => {
  const done = await runHere(['audit', `s3://${server.bucket}/nowhere`], env)
  expect(done).toMatchObject({ status: 1, stdout: '' })
  expect(done.stderr).toMatch(/^sluice: not-found: [^\n]+\/nowhere\n$/)
})

describe('with the sink’s log', () => {
  async function written(): Promise<{ folder: string; log: string; sink: FileSink }> {
    const folder = await temporaryFolder()
    const log = await temporaryFolder()
    const rotate = { records: 2 }
    const sink = createSink({
      ...{ store: fsStore(folder), format: jsonl(), stream: 'in' },
      ...{ log: fileLog(log), rotate, probe: false },
    })
    await sink.write([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }])
    await sink.flush()
    return { folder, log, sink }
  }

  test('names what is missing at a lane’s end, and fences no sink', async () => {
    const { folder, log, sink } = await written()
    const good = await runHere(['audit', `${folder}/in`, '--log', log])
    expect(good).toMatchObject({ status: 0, stdout: 'ok    in/0-auto  files: 2, records: 4\n' })

    await sink.write([{ id: 5 }])
    const files = await sink.flush()
    await fsStore(folder).delete(files[0]?.key ?? '')
    expect(await runHere(['audit', `${folder}/in`])).toMatchObject({ status: 0 })
    expect(await runHere(['audit', `${folder}/in`, '--log', log])).toEqual({
      status: 1,
      stderr: 'sluice: not-found: records are missing: see above\n',
      stdout: 'FAIL  in/0-auto  files: 2, records: 4\n      missing: records 4 to 5\n',
    })
    // What is acknowledged and not visible yet is not missing.
    await sink.write([{ id: 6 }])
    const open = await runHere(['audit', `${folder}/in`, '--log', log])
    expect(open.stdout).toContain('missing: records 4 to 5\n')
    await sink.close()
  })

  test('a folder without a log, and the log of another stream, are refused by name', async () => {
    const { folder, log, sink } = await written()
    await sink.close()
    const none = await runHere(['audit', `${folder}/in`, '--log', join(log, 'none')])
    expect(none).toMatchObject({ status: 1, stdout: '' })
    expect(none.stderr).toMatch(/^sluice: not-found: There is no log/)
    const other = await runHere(['audit', `${folder}/out`, '--log', log])
    expect(other.stderr).toMatch(/^sluice: invalid-options: The log is of the stream "in"/)
  })
})
