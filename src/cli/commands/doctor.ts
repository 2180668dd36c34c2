import { isSluiceError, SluiceError } from '../../core/errors.ts'
import { defaultChain, s3ClientFromEnvironment } from '../../node/index.ts'
import type { S3Client } from '../../s3/client.ts'
import { type Check, doctor as lookAt } from '../../s3/doctor.ts'
import { type BucketOptions, inFlags, parseAddress } from '../address.ts'
import { type CliIo, oneLine, print } from '../io.ts'
import { usageError } from '../usage-error.ts'

/** A doctor is asked when something is wrong, so it does not wait as patiently as a sink. */
const PATIENCE = { attemptTimeoutMs: 10_000, retry: { attempts: 2, budgetMs: 15_000 } } as const

export interface DoctorOptions extends BucketOptions {
  readonly origin?: string | undefined
}

/**
 * The library's doctor, line by line: what it found and what to do. What it writes begins with the address's key, and is taken away
 * again. Fails with the first failure's code when anything is wrong.
 */
export async function doctor(text: string, options: DoctorOptions, io: CliIo): Promise<void> {
  const address = parseAddress(text)
  if (address.kind === 'local') throw usageError('doctor looks at a bucket: give s3://bucket')
  const { endpoint, region, allowInsecure, origin } = options
  const failures: Check[] = []
  const say = async (check: Check): Promise<void> => {
    if (!check.ok) failures.push(check)
    await print(io.stdout, lineOf(check))
  }
  const client = openClient(() =>
    s3ClientFromEnvironment({
      bucket: address.bucket,
      env: io.env,
      credentials: defaultChain({ env: io.env }),
      endpoint,
      region,
      allowInsecure,
      ...PATIENCE,
    }),
  )
  if ('check' in client) await say(client)
  else {
    const { signal } = io
    await lookAt(client, { prefix: address.key, origin, signal, onCheck: say })
  }
  const [first] = failures
  if (!first) return
  throw new SluiceError(first.code ?? 'protocol', `${failures.length} of the checks above failed`)
}

/** What is wrong with the options is found like everything else. */
function openClient(open: () => S3Client): S3Client | Check {
  try {
    return open()
  } catch (error) {
    if (!isSluiceError(error)) throw error
    return { check: 'endpoint', ok: false, found: error.message, code: error.code }
  }
}

function lineOf({ check, ok, found, fix }: Check): string {
  const word = ok ? (fix ? 'note' : 'ok') : 'FAIL'
  const text = `${inFlags(found)}${fix ? `; ${inFlags(fix)}` : ''}`
  return `${word.padEnd(4)}  ${check.padEnd(20)}  ${oneLine(text)}\n`
}
