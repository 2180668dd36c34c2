import { type S3Client, type S3ClientOptions, s3Client } from 'sluice/s3'
import { fail } from '../../src/testing/check.ts'
import { bucketCases, ownBucketCases } from './client-suite/buckets.ts'
import { checksumCases } from './client-suite/checksums.ts'
import { composeCases } from './client-suite/compose.ts'
import { copyCases } from './client-suite/copies.ts'
import { cutCases } from './client-suite/cuts.ts'
import { downloadCases } from './client-suite/downloads.ts'
import { formCases } from './client-suite/forms.ts'
import { janitorCases } from './client-suite/janitor.ts'
import { keyCases } from './client-suite/keys.ts'
import { listCases } from './client-suite/lists.ts'
import { metadataCases } from './client-suite/metadata.ts'
import { multipartCases } from './client-suite/multipart.ts'
import { objectCases } from './client-suite/objects.ts'
import { presignCases } from './client-suite/presign.ts'
import { presignedClientCases } from './client-suite/presigned-client.ts'
import { probeCases } from './client-suite/probe.ts'
import { putCases } from './client-suite/put.ts'
import { refusalCases } from './client-suite/refusals.ts'
import { storageCases } from './client-suite/storage.ts'
import type {
  Capability,
  ClientCase,
  ClientWorld,
  Feature,
  ServerFeature,
} from './client-suite/tools.ts'
import type { MatrixCase } from './matrix-case.ts'

/** A bucket for one case. */
export interface BucketUnderTest {
  readonly options: S3ClientOptions
  readonly cutting: ClientWorld['cutting']
  close(): Promise<void>
}

export interface ClientSuiteOptions {
  /** Whether answers can be cut. */
  readonly cuts: boolean
  /** Whether buckets can be made. */
  readonly buckets: boolean
  /** What the server does not have, and says so. */
  readonly lacks: readonly ServerFeature[]
  /** An empty bucket, called once for each case. */
  create(): Promise<BucketUnderTest>
  /** Cases that are known to fail, by name, with the reason. A name that no case has is refused. */
  readonly exceptions: Readonly<Record<string, string>>
}

/**
 * `sluice/s3` against a server, as a user calls it: each operation, and what becomes of it when the way to the server fails.
 * What a case needs and the client's provider lacks must be refused with `not-supported`; anything else is a failure.
 */
export function clientSuite({
  cuts,
  buckets,
  lacks,
  create,
  exceptions,
}: ClientSuiteOptions): readonly MatrixCase[] {
  const names = new Set([...CASES, ...ownBucketCases, ...cutCases].map(({ name }) => name))
  for (const name of Object.keys(exceptions)) {
    if (!names.has(name)) fail(`The client suite has no case named "${name}"`)
  }
  const all = [...CASES, ...(buckets ? ownBucketCases : []), ...(cuts ? cutCases : [])]
  return all.map(({ name, needs, run }) => ({
    suite: 'client',
    name,
    excepted: exceptions[name],
    async run() {
      const { options, cutting, close } = await create()
      const client = (more: Partial<S3ClientOptions> = {}): S3Client =>
        s3Client({ ...options, ...more })
      const { capabilities } = client().provider
      try {
        const running = run({ options, client, cutting })
        const has = (feature: Feature): boolean =>
          capabilities[feature as Capability] !== false && !lacks.includes(feature as ServerFeature)
        if (needs === undefined || has(needs)) {
          await running
          return 'passed'
        }
        await mustBeRefused(running, needs)
        return 'not-supported'
      } finally {
        await close()
      }
    },
  }))
}

async function mustBeRefused(running: Promise<void>, feature: string): Promise<void> {
  try {
    await running
  } catch (error) {
    if ((error as { code?: unknown }).code === 'not-supported') return
    fail(`the provider lacks ${feature}, and the call was not refused for it: ${error}`, error)
  }
  fail(`the provider is said to lack ${feature}, and the case passes`)
}

/** A new operation's cases go to the file of its area; a new area is a file of its own and a line here. */
const CASES: readonly ClientCase[] = [
  ...objectCases,
  ...metadataCases,
  ...keyCases,
  ...listCases,
  ...copyCases,
  ...putCases,
  ...multipartCases,
  ...composeCases,
  ...checksumCases,
  ...downloadCases,
  ...storageCases,
  ...presignCases,
  ...presignedClientCases,
  ...formCases,
  ...refusalCases,
  ...bucketCases,
  ...janitorCases,
  ...probeCases,
]
