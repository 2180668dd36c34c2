import type { Awaitable, ErrorCode } from '../contracts/index.ts'
import { within } from '../core/clock.ts'
import { asSluiceError, isSluiceError, SluiceError, throwIfAborted } from '../core/errors.ts'
import type { ScratchOptions } from '../core/scratch.ts'
import { authorityOf } from './authority.ts'
import { type Check, corsChecks, lifecycleCheck, versioningCheck } from './bucket-checks.ts'
import type { S3Client } from './client.ts'
import { type BucketTrialName, probeBucket, skewOf } from './probe.ts'
import type { S3Provider } from './provider.ts'
import { readXml } from './response.ts'

export type { Check } from './bucket-checks.ts'

export interface DoctorOptions extends ScratchOptions {
  /**
   * The origin of a page that is to use the bucket, such as `https://app.example`: whether the bucket's CORS rules let it, and let it
   * see ETags. In a page itself this is not needed, nor possible.
   */
  readonly origin?: string | undefined
  /** Called as soon as each is known, and waited for. */
  readonly onCheck?: ((check: Check) => Awaitable<void>) | undefined
}

/** S3 refuses requests that are 15 minutes off; a clock that is a third of that off is on its way there. */
const SKEW_LIMIT_MS = 5 * 60_000

const PROFILE = "use your provider's profile (sluice/s3/providers), or what probeBucket finds"
const UNCLAIMED = `${PROFILE}, so that a condition is refused and not ignored: two writers may overwrite each other`

/** What to do where something does not work that is needed, or that the client's provider claims. */
const NEEDED: Partial<Record<BucketTrialName, string>> = {
  etag: 'let the CORS rule of the bucket expose it (ExposeHeaders: ETag)',
  read: 'let the key read in this bucket (s3:GetObject)',
  multipart: PROFILE,
  'conditional put': UNCLAIMED,
  'conditional complete': UNCLAIMED,
}

const ADVICE: Partial<Record<BucketTrialName, string>> = {
  multipart: 'a file is one request here, and at most 5 GiB',
  'conditional put':
    'let each key have one writer: nothing else keeps two from overwriting each other',
  'conditional complete': 'let each key have one writer, or keep files to one part',
  'list uploads': 'have a lifecycle rule abort uploads that nobody ends',
  'part copy': 'objects of more than 5 GiB are not copied on the server',
}

/** What the provider of the client denies itself is no surprise, and refused before it is sent. */
function isDenied(name: BucketTrialName, { capabilities }: S3Provider): boolean {
  if (name === 'multipart') return capabilities.multipart === false
  if (name === 'conditional put') return !capabilities.conditionalPut
  return name === 'conditional complete' && !capabilities.conditionalComplete
}

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'give a key that the server knows, and its session token if it has one',
  'permission-denied':
    'let the key list, read, write and delete in this bucket (s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject)',
  'not-found': 'create the bucket, or check its name, the endpoint and the region',
  'clock-skew': "set this machine's clock",
  network:
    'check the endpoint, the network and the certificate, and in a page the CORS rules of the bucket',
  timeout: 'check the endpoint and the network',
}

/**
 * Looks at a bucket as Sluice would use it, and says what to fix: credentials, whether the bucket is there, the region, the clock, and
 * then what `probeBucket` tries, without its large parts; then, where the server tells, whether uploads that nobody ends are
 * aborted by a lifecycle rule, and whether older versions are kept. Ends at what makes the rest pointless, such as a missing bucket.
 *
 * Everything it writes lies below `prefix` and is taken away again; the check `clean up` says whether that went well. In a bucket with
 * versions it stays as older ones.
 *
 * Rejects with `aborted` when its signal fires, and else not. No found text holds a secret.
 */
export async function doctor(
  client: S3Client,
  options: DoctorOptions = {},
): Promise<readonly Check[]> {
  const { signal } = options
  const checks: Check[] = []
  const note = async (check: Check): Promise<void> => {
    checks.push(check)
    await options.onCheck?.(check)
  }
  const fail = async (check: string, error: unknown): Promise<void> => {
    throwIfAborted(signal)
    const { code, message } = asSluiceError(error, 'protocol', `${check} failed`)
    // What is wrong with the credentials says by itself what to do: nobody has been asked yet.
    const fix = check === 'credentials' ? undefined : REMEDIES[code]
    await note({ check, ok: false, found: message, fix, code })
  }

  try {
    await note({ check: 'credentials', ok: true, found: await credentialsText(client) })
  } catch (error) {
    await fail('credentials', error)
    return checks
  }

  const bucket = await lookAtBucket(client, options).catch(async (error) => {
    await fail('bucket', error)
  })
  if (bucket) {
    const found = `${bucket.host} answers, takes the credentials, and has the bucket`
    await note({ check: 'bucket', ok: true, found })
  }
  const skewMs = skewOf(client, bucket?.dateMs ?? Number.NaN)
  if (skewMs !== undefined) await note(clockCheck(skewMs))
  if (!bucket) return checks
  if (bucket.region) await note(regionCheck(client, bucket.region))

  if (!(await examine(client, options, note, fail))) return checks
  for (const look of [lifecycleCheck, versioningCheck]) {
    const check = await look(client, signal).catch((error) => throwIfOurs(error, signal))
    if (check) await note(check)
  }
  if (options.origin !== undefined) {
    await corsChecks(client, options, options.origin, note).catch((error) => fail('cors', error))
  }
  return checks
}

async function credentialsText(client: S3Client): Promise<string> {
  const authority = authorityOf(client)
  if (!authority) return 'this client holds none'
  const credentials = await within(client.idleMs, authority.credentials(), client.clock)
  if (!credentials)
    throw new SluiceError('timeout', 'whoever gives the credentials does not answer')
  const end = credentials.expiration?.toISOString()
  return end ? `found; they end at ${end}` : 'found'
}

interface Bucket {
  readonly host: string
  readonly dateMs: number
  readonly region: string | null
}

function lookAtBucket(client: S3Client, { prefix, signal }: DoctorOptions): Promise<Bucket> {
  return client.send({
    operation: 'ListObjectsV2',
    method: 'GET',
    query: { 'list-type': 2, 'max-keys': 1, prefix: prefix || undefined },
    signal,
    async read(response, context) {
      await readXml(response, context, 'ListBucketResult')
      return {
        // Of the address no more is told: it may be a signed one.
        host: response.url ? new URL(response.url).host : 'the server',
        dateMs: Date.parse(response.headers.get('date') ?? ''),
        region: response.headers.get('x-amz-bucket-region'),
      }
    },
  })
}

function clockCheck(skewMs: number): Check {
  const seconds = Math.round(Math.abs(skewMs) / 1000)
  const check = 'clock'
  if (seconds * 1000 <= SKEW_LIMIT_MS) {
    return { check, ok: true, found: `${seconds} s apart from the server's` }
  }
  const code = 'clock-skew'
  return { check, ok: false, found: `the clocks are ${seconds} s apart`, fix: REMEDIES[code], code }
}

function regionCheck({ region }: S3Client, found: string): Check {
  const same = region === found || region === 'auto'
  return {
    check: 'region',
    ok: true,
    found: `the bucket is in ${found}`,
    fix: same ? undefined : `set the region to ${found}: each client finds it out by a refusal`,
  }
}

/** What is tried. Resolves to whether it came to an end. */
async function examine(
  client: S3Client,
  options: DoctorOptions,
  note: (check: Check) => Promise<void>,
  fail: (check: string, error: unknown) => Promise<void>,
): Promise<boolean> {
  let written = false
  try {
    const { provider, remains, etagVisible } = await probeBucket(client, {
      ...options,
      unequalParts: false,
      async onTrial({ name, works, found, code }) {
        written ||= name === 'write'
        if (name.startsWith('checksum')) return
        const needed = isDenied(name, client.provider) ? undefined : NEEDED[name]
        const ok = works || needed === undefined
        const fix = works ? undefined : (needed ?? ADVICE[name])
        await note({ check: name, ok, found, fix, code: ok ? undefined : code })
      },
    })
    if (etagVisible) {
      const names = provider.checksums.join(', ') || 'none'
      await note({ check: 'checksums', ok: true, found: `compared with the bytes: ${names}` })
    }
    if (remains) await fail('clean up', remains)
    else await note({ check: 'clean up', ok: true, found: 'what was written is deleted' })
    return true
  } catch (error) {
    await fail(written ? 'trials' : 'write', error)
    return false
  }
}

/** Many servers have no such document, and many keys may not read it: no reason to say anything. */
function throwIfOurs(error: unknown, signal: AbortSignal | undefined): undefined {
  throwIfAborted(signal)
  if (!isSluiceError(error)) throw error
}
