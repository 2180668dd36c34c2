import type { ErrorCode } from '../contracts/index.ts'
import { EMPTY } from '../core/bytes.ts'
import { inScratch, type ScratchOptions } from '../core/scratch.ts'
import { getConfiguration } from './buckets/configuration.ts'
import { LIFECYCLE } from './buckets/lifecycle.ts'
import type { S3Client } from './client.ts'
import { triedStore } from './probe.ts'
import { drain } from './response.ts'

/** One thing that was looked at. */
export interface Check {
  /** Such as `bucket`, `clock` or `conditional put`. */
  readonly check: string
  /** `false` where something that Sluice needs does not work. */
  readonly ok: boolean
  readonly found: string
  /** What to do about it. With `ok` it is advice. */
  readonly fix?: string | undefined
  /** Of what went wrong. */
  readonly code?: ErrorCode | undefined
}

const VERSIONING = {
  name: 'Versioning',
  parameter: 'versioning',
  root: 'VersioningConfiguration',
} as const

/** Rejects where the server does not tell. */
export async function lifecycleCheck(
  client: S3Client,
  signal: AbortSignal | undefined,
): Promise<Check> {
  const check = 'lifecycle'
  const found = await getConfiguration(client, LIFECYCLE, { signal })
  for (const rule of found?.root.children('Rule') ?? []) {
    const days = rule.child('AbortIncompleteMultipartUpload')?.text('DaysAfterInitiation')
    if (rule.text('Status') !== 'Enabled' || days === undefined) continue
    return { check, ok: true, found: `uploads that nobody ends are aborted after ${days} days` }
  }
  return {
    check,
    ok: true,
    found: 'uploads that nobody ends stay, unseen, and cost',
    fix: 'add a lifecycle rule with AbortIncompleteMultipartUpload, where the server takes one',
  }
}

/** Rejects where the server does not tell. */
export async function versioningCheck(
  client: S3Client,
  signal: AbortSignal | undefined,
): Promise<Check> {
  const found = await getConfiguration(client, VERSIONING, { signal })
  const on = found?.root.text('Status') === 'Enabled'
  return {
    check: 'versioning',
    ok: true,
    found: on ? 'what is replaced or deleted stays as an older version' : 'off',
    fix: on ? 'have a lifecycle rule expire older versions, unless they are wanted' : undefined,
  }
}

/** Whether a page of that origin may write, and sees ETags, by a write that names it. */
export async function corsChecks(
  client: S3Client,
  options: ScratchOptions,
  origin: string,
  note: (check: Check) => Promise<void>,
): Promise<void> {
  const { result: headers, remains } = await inScratch(
    triedStore(client),
    options,
    ({ newKey, signal }) =>
      client.send({
        operation: 'PutObject',
        method: 'PUT',
        key: newKey(),
        headers: { 'content-type': 'text/plain', origin },
        body: EMPTY,
        signal,
        async read(response, context) {
          await drain(response, context)
          return response.headers
        },
      }),
  )
  if (remains) throw remains
  const allowed = headers.get('access-control-allow-origin')
  const fix = `add a CORS rule with AllowedOrigins ${origin}, AllowedMethods GET, PUT, POST and DELETE, AllowedHeaders * and ExposeHeaders ETag`
  if (allowed !== '*' && allowed !== origin) {
    const found = `a page of ${origin} may not write`
    await note({ check: 'cors', ok: false, found, fix, code: 'permission-denied' })
    return
  }
  await note({ check: 'cors', ok: true, found: `a page of ${origin} may write` })
  const exposed = (headers.get('access-control-expose-headers') ?? '').toLowerCase().split(/, */)
  const seen = exposed.includes('etag') || exposed.includes('*')
  const code = seen ? undefined : 'not-supported'
  const found = seen ? 'a page sees ETags' : 'a page does not see ETags'
  await note({ check: 'cors etag', ok: seen, found, fix: seen ? undefined : fix, code })
}
