import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { runHere, sluice } from './tools.ts'

const SECRET = 'wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY'
const env = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: SECRET }

describe('a command line that makes no sense', () => {
  test.each([
    [['frobnicate']],
    [['constructor']],
    [['put']],
    [['put', '-']],
    [['put', '-', 's3://bucket/key', 'more']],
    [['put', '-', 's3://bucket/key', '--frmat', 'csv']],
    [['put', '-', 's3://bucket/key', '--format', 'xml', '--from', 'csv']],
    [['put', '-', 's3://bucket/key', '--format', 'parquet.gz', '--from', 'csv']],
    [['put', '-', 's3://bucket/key', '--format', 'csv']],
    [['put', '-', 's3://bucket/key', '--from', 'csv']],
    [['put', '-', 'x.json', '--from', 'csv']],
    [['put', 'a.csv', 'x.csv.gz']],
    [['put', 'a.parquet', 'x.parquet.gz']],
    [['put', 'a.parquet', 'x.csv']],
    [['put', 'a.csv', 'x.json']],
    [['put', 'a.csv', 'x.jsonl', '--format', 'parquet']],
    [['put', 'a.csv', 'x.csv.gz', '--format', 'csv']],
    [['put', 'a.csv', 'x.gz', '--format', 'csv']],
    [['put', 'records.dat', 's3://bucket/key', '--format', 'csv']],
    [['put', '-', 's3://bucket']],
    [['put', '-', 's3://bucket/folder/']],
    [['put', '-', 's3://']],
    [['put', '-', 'folder/']],
    [['put', '-', '']],
    [['put', '-', 'gs://bucket/key']],
    [['cat', 'https://example.com/x']],
    [['cat', 's3://bucket']],
    [['head', '-']],
    [['head', '-', '--from', 'csv', '-n', '0']],
    [['head', '-', '--from', 'csv', '-n', 'ten']],
    [['head', 'x.csv', '--records']],
    [['ls']],
    [['doctor', '.']],
    [['audit', 's3://bucket']],
  ])('%j ends with 2 and one line', async (args) => {
    const done = await runHere(args, env)
    expect(done.status).toBe(2)
    expect(done.stdout).toBe('')
    expect(done.stderr).toMatch(/^sluice: usage: [^\n]+\n$/)
  })

  test('does not have its addresses repeated', async () => {
    for (const address of [
      `https://user:${SECRET}@host/x`,
      `http://host/x?X-Amz-Signature=${SECRET}`,
    ]) {
      for (const args of [
        ['put', '-', address],
        ['put', address, 's3://bucket/key'],
        ['cat', address],
        ['ls', 's3://bucket', '--endpoint', address],
      ]) {
        const { status, stderr } = await runHere(args, env)
        expect(status).toBeGreaterThan(0)
        expect(stderr).not.toContain(SECRET)
      }
    }
  })

  test('a typing mistake gets a hint', async () => {
    const { stderr } = await runHere(['put', '-', 's3://b/k', '--frmat', 'csv'])
    expect(stderr).toContain('--format')
  })
})

test.each([[[]], [['help', 'frobnicate']]])('%j is answered with the usage', async (args) => {
  const { status, stdout, stderr } = await runHere(args)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toMatch(
    /^Usage: sluice .*\n {2}doctor .*\nsluice: usage: give one of the commands above\n$/s,
  )
})

test('what cannot be converted is told with what can', async () => {
  const said = async (...args: string[]): Promise<string> => (await runHere(args)).stderr
  expect(await said('put', 'a.csv', 'x.csv.gz')).toContain('--format csv.gz reads the records')
  expect(await said('put', 'a.parquet', 'x.parquet.gz')).toContain('name both alike')
  expect(await said('put', 'a.csv', 'x.json')).toContain(
    'end the address in .jsonl, .csv, .parquet',
  )
  expect(await said('put', 'a.csv', 'x.ndjson', '--format', 'parquet')).toContain(
    '--format parquet writes what .jsonl is not',
  )
})

test('the shell hears of it', async () => {
  expect(await sluice(['cat'])).toMatchObject({
    status: 2,
    stdout: '',
    stderr: "sluice: usage: missing required argument 'address'\n",
  })
})

describe('failures', () => {
  test('no credentials', async () => {
    const { status, stderr } = await runHere(['ls', 's3://bucket'])
    expect(status).toBe(1)
    expect(stderr).toBe(
      'sluice: unauthenticated: There are no S3 credentials: ' +
        'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; ' +
        'AWS_WEB_IDENTITY_TOKEN_FILE is not set; ' +
        'there is no profile "default" in /nonexistent/.aws/config (absent) and /nonexistent/.aws/credentials (absent); ' +
        'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set; ' +
        'AWS_EC2_METADATA_DISABLED is set\n',
    )
  })

  test('a bucket name that is none', async () => {
    const { status, stderr } = await runHere(['ls', 's3://Not_A_Bucket/x'], env)
    expect(status).toBe(1)
    expect(stderr).toMatch(/^sluice: invalid-options: .*\n$/)
  })

  test('plain http to another machine', async () => {
    const { status, stderr } = await runHere(
      ['ls', 's3://bucket', '--endpoint', 'http://198.51.100.7'],
      env,
    )
    expect(status).toBe(1)
    expect(stderr).toMatch(/^sluice: invalid-options: .*use https, or add --allow-insecure\n$/)
  })

  test.each([
    [['put', 'no-such-file', 'x'], 'not-found'],
    [['put', '.', 'x'], 'invalid-options'],
    [['put', '-', '.'], 'invalid-options'],
    [['put', '-', '/dev/null'], 'invalid-options'],
    [['put', '-', 'no-such-folder/x'], 'not-found'],
    [['ls', 'no-such-file'], 'not-found'],
    [['head', 'no-such-file.parquet'], 'not-found'],
    [['cat', 'no-such-file'], 'not-found'],
  ])('%j', async (args, code) => {
    const done = await runHere(args, env)
    expect(done.status).toBe(1)
    expect(done.stderr).toMatch(new RegExp(`^sluice: ${code}: [^\\n]+\\n$`))
  })
})

test('a folder that is not there is named', async () => {
  const { stderr } = await runHere(['put', '-', 'no-such/folder/x'])
  expect(stderr).toBe(
    'sluice: not-found: Writing no-such/folder/x failed: there is no folder no-such/folder\n',
  )
})

describe('help', () => {
  test.each([[['--help']], [['put', '--help']], [['help', 'head']]])('%j', async (args) => {
    const help = await runHere(args)
    expect(help).toMatchObject({ status: 0, stderr: '' })
    expect(help.stdout).toContain('Usage: sluice')
  })

  test('the version is the package’s', async () => {
    const { version } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    )
    expect((await sluice(['--version'])).stdout).toBe(`${version}\n`)
  })
})
