export type RuntimeName = 'node20' | 'node24' | 'deno' | 'bun' | 'workerd' | 'chromium'

/** A case that must fail where it says, and why. What a server does in every runtime is in its profile, see ../servers.ts. */
interface Exception {
  readonly runtimes: readonly RuntimeName[]
  /** Default: all of them. */
  readonly servers?: readonly string[]
  readonly suite: 'store' | 'client'
  readonly name: string
  readonly why: string
}

const EXCEPTIONS: readonly Exception[] = [
  {
    runtimes: ['bun', 'chromium'],
    suite: 'client',
    name: 'objects: of what is gzip no range is read, and the refusal says so',
    why: 'its fetch unpacks before it resolves, and rejects without a word why: network',
  },
  {
    runtimes: ['deno', 'workerd'],
    servers: ['rustfs', 'versitygw'],
    suite: 'client',
    name: 'forms: a form puts one file, and nothing but what its policy says',
    why: 'it ends a form without a line break, as RFC 2046 lets it, and the server wants one',
  },
  {
    runtimes: ['chromium'],
    servers: ['rustfs', 'versitygw'],
    suite: 'client',
    name: 'objects: an absent bucket is an error that names it',
    why: 'a bucket that is not there has no CORS rule, so that a page sees no answer: network',
  },
  {
    runtimes: ['chromium'],
    servers: ['versitygw'],
    suite: 'client',
    name: 'refusals: a wrong secret, an unknown key and no key at all',
    why: 'its refusals of a signature have no CORS headers, so that a page sees no answer: network',
  },
  {
    runtimes: ['chromium'],
    servers: ['rustfs', 'versitygw'],
    suite: 'client',
    name: 'buckets: one that is not there is none',
    why: 'a bucket that is not there has no CORS rule, so that a page sees no answer: network',
  },
  {
    runtimes: ['chromium'],
    servers: ['rustfs', 'versitygw'],
    suite: 'client',
    name: 'buckets: one is made, found, emptied and deleted, each as often as one likes',
    why: 'a bucket that is not there yet has no CORS rule that lets a page make it: network',
  },
  {
    runtimes: ['chromium'],
    servers: ['rustfs', 'versitygw'],
    suite: 'client',
    name: 'buckets: CORS rules are taken away',
    why: 'with them goes the leave of the page that took them away: network',
  },
  {
    runtimes: ['chromium'],
    servers: ['versitygw'],
    suite: 'client',
    name: 'buckets: a lifecycle rule is put, found again and deleted',
    why: 'its refusals of what it does not have carry no CORS headers, so that a page sees no answer: network',
  },
  {
    runtimes: ['chromium'],
    servers: ['versitygw'],
    suite: 'client',
    name: 'buckets: a lifecycle rule that aborts uploads',
    why: 'its refusals of what it does not have carry no CORS headers, so that a page sees no answer: network',
  },
]

/** The exceptions of one suite in one cell, by the case's name. */
export function exceptionsOf(
  suite: Exception['suite'],
  runtime: RuntimeName,
  server: string,
): Readonly<Record<string, string>> {
  const here = EXCEPTIONS.filter(
    (exception) =>
      exception.suite === suite &&
      exception.runtimes.includes(runtime) &&
      (exception.servers?.includes(server) ?? true),
  )
  return Object.fromEntries(here.map(({ name, why }) => [name, why]))
}
