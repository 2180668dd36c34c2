import type { ErrorCode, Store } from '../../contracts/index.ts'
import { utf8 } from '../../core/bytes.ts'
import { asSluiceError, isSluiceError, SluiceError, throwIfAborted } from '../../core/errors.ts'
import { defaultChain, s3FromEnvironment } from '../../node/index.ts'
import { type BucketOptions, inFlags, parseAddress } from '../address.ts'
import { type CliIo, oneLine, print } from '../io.ts'
import { usageError } from '../usage-error.ts'

/** A doctor is asked when something is wrong, so it does not wait as patiently as a sink. */
const PATIENCE = { attemptTimeoutMs: 10_000, retry: { attempts: 2, budgetMs: 15_000 } } as const

/** S3 refuses requests that are 15 minutes off; a clock that is a third of that off is on its way there. */
const SKEW_LIMIT_MS = 5 * 60_000

/**
 * Tries on a bucket what a sink needs of it, says what it found and what to do, and takes away what it wrote: its one key
 * begins with the address's key. Fails with the first failure's code when anything is wrong.
 */
export async function doctor(text: string, options: BucketOptions, io: CliIo): Promise<void> {
  const address = parseAddress(text)
  if (address.kind === 'local') throw usageError('doctor looks at a bucket: give s3://bucket')
  const report = new Report(io)
  const answer: Answer = { host: undefined, serverMs: undefined, ownMs: 0 }
  const { endpoint, region, allowInsecure } = options
  let store: Store | undefined
  await report.check('credentials', async () => {
    const credentials = defaultChain({ env: io.env })
    const { expiration } = await credentials()
    store = s3FromEnvironment({
      bucket: address.bucket,
      env: io.env,
      credentials,
      endpoint,
      region,
      allowInsecure,
      ...PATIENCE,
      fetch: observing(answer),
    })
    return expiration ? `found; they end at ${expiration.toISOString()}` : 'found'
  })
  if (store)
    await examine(store, `${address.key}.sluice-doctor-${crypto.randomUUID()}`, answer, report)
  report.end()
}

async function examine(store: Store, key: string, answer: Answer, report: Report): Promise<void> {
  const { signal } = report
  const listed = await report.check('bucket', async () => {
    for await (const _ of store.list({ prefix: key, signal })) break
    return `${answer.host} answers, takes the credentials, and has the bucket`
  })
  if (answer.serverMs !== undefined) await report.check('clock', async () => clockText(answer))
  if (!listed) return
  try {
    const written = await report.check('write', async () => {
      await store.put(key, PROBE, { signal })
      return 'an object was written'
    })
    if (!written) return
    await report.check('read', () => readBack(store, key, signal))
    await report.check('conditional put', () => conditionalPut(store, key, signal))
    await report.check('multipart', () => multipart(store, key, signal))
    await report.check('conditional complete', () => conditionalComplete(store, key, signal))
  } finally {
    await report.check('clean up', () => cleanUp(store, key))
  }
}

const PROBE = utf8('written by sluice doctor, to be deleted at once\n')

async function readBack(store: Store, key: string, signal: AbortSignal): Promise<string> {
  const range = { start: 8, end: 10 }
  const part = await (await store.get(key, { range, signal }))?.text()
  if (part !== 'by') {
    throw new SluiceError('protocol', 'what was written does not come back, or not in ranges')
  }
  return 'the object comes back, and in ranges'
}

async function conditionalPut(store: Store, key: string, signal: AbortSignal): Promise<string> {
  await refused(() => store.put(key, PROBE, { ifNoneMatch: '*', signal }), 'If-None-Match on a put')
  const ifMatch = '00000000000000000000000000000000'
  await refused(() => store.put(key, PROBE, { ifMatch, signal }), 'If-Match on a put')
  return 'If-None-Match and If-Match are honoured'
}

async function multipart(store: Store, key: string, signal: AbortSignal): Promise<string> {
  const create = store.createMultipart as NonNullable<Store['createMultipart']>
  const upload = await create.call(store, key, { signal })
  try {
    const part = await upload.putPart(1, PROBE, { signal })
    await upload.complete([part], { signal })
  } catch (error) {
    await upload.abort()
    throw error
  }
  return 'an upload in parts was completed'
}

async function conditionalComplete(
  store: Store,
  key: string,
  signal: AbortSignal,
): Promise<string> {
  const create = store.createMultipart as NonNullable<Store['createMultipart']>
  const upload = await create.call(store, key, { signal })
  try {
    const part = await upload.putPart(1, PROBE, { signal })
    await refused(
      () => upload.complete([part], { ifNoneMatch: '*', signal }),
      'If-None-Match on a completion',
    )
  } finally {
    await upload.abort()
  }
  return 'If-None-Match is honoured'
}

/** A provider that does not know a condition mostly ignores it, and then overwrites. */
async function refused(write: () => Promise<unknown>, condition: string): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (isSluiceError(error, 'precondition-failed')) return
    throw error
  }
  throw new SluiceError('not-supported', `${condition} is ignored: the object was replaced`)
}

/** Without the user's signal: an interruption is no reason to leave something behind. */
async function cleanUp(store: Store, key: string): Promise<string> {
  const { failed } = await store.delete(key)
  if (failed[0]) throw failed[0].error
  for await (const upload of store.listMultipart?.(key) ?? [])
    await store.resumeMultipart?.(upload).abort()
  for await (const _ of store.list({ prefix: key })) {
    throw new SluiceError('protocol', `"${key}" is still listed after it was deleted`, { key })
  }
  return 'nothing is left behind'
}

/** What the last answer told beside its own matter. */
interface Answer {
  host: string | undefined
  serverMs: number | undefined
  ownMs: number
}

function observing(answer: Answer): (url: string, init: RequestInit) => Promise<Response> {
  return async (url, init) => {
    const response = await fetch(url, init)
    const serverMs = Date.parse(response.headers.get('date') ?? '')
    answer.host = new URL(url).host
    answer.serverMs = Number.isNaN(serverMs) ? undefined : serverMs
    answer.ownMs = Date.now()
    return response
  }
}

function clockText({ serverMs = 0, ownMs }: Answer): string {
  // The header has whole seconds.
  const seconds = Math.round(Math.abs(ownMs - serverMs) / 1000)
  if (seconds * 1000 > SKEW_LIMIT_MS) {
    throw new SluiceError('clock-skew', `the clocks are ${seconds} s apart`)
  }
  return `${seconds} s apart from the server's`
}

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a key that the server knows',
  'permission-denied':
    'let the key list, read, write and delete in this bucket (s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject)',
  'not-found': 'create the bucket, or check its name, the endpoint and the region',
  'clock-skew': "set this machine's clock",
  network:
    'check --endpoint (or SLUICE_S3_ENDPOINT, AWS_ENDPOINT_URL), the network and the certificate',
  timeout: 'check --endpoint (or SLUICE_S3_ENDPOINT, AWS_ENDPOINT_URL) and the network',
  'not-supported': 'tell s3Store so: give it `capabilities` without this feature',
}

/** Says what was found, line by line, and remembers the first failure. */
class Report {
  readonly #io: CliIo
  #failures: SluiceError[] = []

  constructor(io: CliIo) {
    this.#io = io
  }

  get signal(): AbortSignal {
    return this.#io.signal
  }

  /** Runs one check and says how it went. Resolves to whether it went well. */
  async check(name: string, run: () => Promise<string>): Promise<boolean> {
    try {
      await this.#say('ok', name, await run())
      return true
    } catch (error) {
      throwIfAborted(name === 'clean up' ? undefined : this.#io.signal)
      const failure = asSluiceError(error, 'protocol', `${name} failed`)
      this.#failures.push(failure)
      // The bucket has not been asked yet: what is wrong here says by itself what to do.
      const remedy = name === 'credentials' ? undefined : REMEDIES[failure.code]
      await this.#say('FAIL', name, `${inFlags(failure.message)}${remedy ? `; ${remedy}` : ''}`)
      return false
    }
  }

  end(): void {
    const [first, ...more] = this.#failures
    if (!first) return
    throw new SluiceError(first.code, `${more.length + 1} of the checks above failed`)
  }

  #say(word: string, name: string, text: string): Promise<void> {
    return print(this.#io.stdout, `${word.padEnd(4)}  ${name.padEnd(20)}  ${oneLine(text)}\n`)
  }
}
