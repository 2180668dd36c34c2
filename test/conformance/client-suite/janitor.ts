import { createUpload } from 'sluice/s3'
import { abortStaleUploads, type JanitorReport } from 'sluice/s3/janitor'
import { type ClientCase, checkEqual, checkRejects, type Fetch, noFetch, pattern } from './tools.ts'

const DAY_MS = 24 * 3_600_000
const PREFIX = 'in/'

/** A way to the server on which times of these names become eight days older. */
function aged(names: string): Fetch {
  const times = new RegExp(`<(${names})>([^<]+)<`, 'g')
  return async (url, init) => {
    const response = await fetch(url, init)
    if (!response.ok || init.method !== 'GET') return response
    const older = (at: string): string => new Date(Date.parse(at) - 8 * DAY_MS).toISOString()
    const text = await response.text()
    return new Response(
      text.replace(times, (_, name, at) => `<${name}>${older(at)}<`),
      response,
    )
  }
}

function told({ aborted, kept, failed }: JanitorReport): Record<string, readonly string[]> {
  return {
    aborted: aborted.map(({ key }) => key),
    kept: kept.map(({ key, reason }) => `${key} ${reason}`),
    failed: failed.map(({ key }) => key),
  }
}

/** Uploads that nobody ends. */
export const janitorCases: readonly ClientCase[] = [
  {
    name: 'janitor: aborts what is old and not wanted, below its prefix',
    needs: 'listUploads',
    async run({ client }) {
      const sweep = (names: string, more = {}) =>
        abortStaleUploads(client({ fetch: aged(names) }), { prefix: PREFIX, ...more })
      const keys = [`${PREFIX}a b+ü&`, `${PREFIX}wanted`, 'out/c']
      const [stale = '', wanted = ''] = keys
      const uploads = new Map<string, Awaited<ReturnType<typeof createUpload>>>()
      for (const key of keys) {
        const upload = await createUpload(client(), key)
        await upload.putPart(1, pattern(10))
        uploads.set(key, upload)
      }
      const all = (reason: string) => [`${stale} ${reason}`, `${wanted} ${reason}`]
      const nothing = { aborted: [], failed: [] }
      checkEqual(told(await sweep('None')), { ...nothing, kept: all('young') }, 'young ones')
      checkEqual(told(await sweep('Initiated')), { ...nothing, kept: all('active') }, 'active ones')
      const old = 'Initiated|LastModified'
      const keep = ({ key }: { readonly key: string }): boolean => key === wanted
      const expected = { aborted: [stale], kept: [`${wanted} wanted`], failed: [] }
      checkEqual(told(await sweep(old, { keep, dryRun: true })), expected, 'a dry run')
      checkEqual(told(await sweep(old, { keep })), expected, 'the old ones')
      checkEqual(told(await sweep(old, { keep })), { ...expected, aborted: [] }, 'again')
      for (const [key, upload] of uploads) {
        const part = upload.putPart(2, pattern(10))
        if (key === stale) await checkRejects(part, 'not-found', 'a part of what was aborted', key)
        else await part
        await upload.abort()
      }
    },
  },
  {
    name: 'janitor: no prefix and less than an hour are refused, and nothing is sent',
    async run({ client }) {
      const to = client({ fetch: noFetch })
      const whole = abortStaleUploads(to, { prefix: '' })
      await checkRejects(whole, 'invalid-options', 'a whole bucket')
      const soon = abortStaleUploads(to, { prefix: PREFIX, olderThanMs: 3_599_999 })
      await checkRejects(soon, 'invalid-options', 'less than an hour')
    },
  },
]
