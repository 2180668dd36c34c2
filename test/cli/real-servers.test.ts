import { expect, test } from 'vitest'
import { realServers, startServer } from '../servers.ts'
import { environmentOf, noise, sluice } from './tools.ts'

test.for(realServers())(
  'the command line on $kind',
  {
    timeout: 120_000,
  },
  async ({ kind, missing }, { skip, onTestFinished }) => {
    skip(missing !== undefined, missing)
    const server = await startServer(kind)
    onTestFinished(() => server.stop())
    const env = environmentOf(server)
    const address = (key: string): string => `s3://${server.bucket}/${key}`

    const doctor = await sluice(['doctor', address('')], { env })
    expect(doctor).toMatchObject({ status: 0, stderr: '' })
    expect(await sluice(['ls', address('')], { env })).toMatchObject({ status: 0, stdout: '' })

    const bytes = noise(20 * 1024 * 1024 + 1)
    expect(await sluice(['put', '-', address('a b/ü')], { env, input: bytes })).toMatchObject({
      status: 0,
    })
    expect((await sluice(['ls', address('a')], { env })).stdout.trim()).toBe('a b/')
    expect((await sluice(['ls', address('a b/')], { env })).stdout).toMatch(
      / 20971521 {2}a b\/ü\n$/,
    )
    expect((await sluice(['cat', address('a b/ü')], { env })).bytes.equals(bytes)).toBe(true)

    const args = ['put', '-', address('r.parquet'), '--format', 'parquet', '--from', 'csv']
    expect(await sluice(args, { env, input: 'a,b\n1,x\n' })).toMatchObject({ status: 0 })
    expect((await sluice(['head', address('r.parquet')], { env })).stdout).toBe('{"a":1,"b":"x"}\n')
  },
)
