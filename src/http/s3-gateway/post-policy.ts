import { fromBase64, fromUtf8Strict } from '../../core/bytes.ts'
import { Refusal } from './refusal.ts'
import {
  ALGORITHM,
  checkScope,
  checkString,
  checkToken,
  MAX_SKEW_MS,
  readTime,
  type Signature,
  type SignatureOptions,
} from './signature.ts'

/** The key that signed lives so long. */
const MAX_AGE_MS = 7 * 24 * 3600 * 1000

/** What a policy allows beyond the form's fields. */
export interface PostGrant {
  readonly minBytes: number
  readonly maxBytes: number
}

/**
 * Checks who signed a form's policy, that it has not expired, and that the form keeps to each of its conditions and has no
 * field that no condition speaks of. `fields` are by name in lower case.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
export async function verifyPolicy(
  fields: ReadonlyMap<string, string>,
  bucket: string,
  options: SignatureOptions,
): Promise<PostGrant> {
  const field = (name: string): string => fields.get(name) ?? ''
  const policy = field('policy')
  if (policy === '') throw new Refusal('AccessDenied', 'Access Denied: the form has no policy')
  const credential = /^([^/\s]+)\/(\d{8})\/([^/\s]+)\/s3\/aws4_request$/.exec(
    field('x-amz-credential'),
  )
  const signature = field('x-amz-signature')
  if (field('x-amz-algorithm') !== ALGORITHM || !credential || !/^[0-9a-f]{64}$/.test(signature)) {
    throw new Refusal(
      'InvalidArgument',
      `A form needs x-amz-algorithm (${ALGORITHM}), x-amz-credential, x-amz-date and x-amz-signature`,
    )
  }
  const [, accessKeyId, day, region] = credential as unknown as string[]
  const given = { accessKeyId, day, region, signature } as Signature
  checkScope(given, options, 'InvalidArgument')
  checkToken(field('x-amz-security-token'), options)
  const signedMs = readTime(field('x-amz-date'), given.day, 'x-amz-date')
  const nowMs = options.clock.now()
  if (signedMs - nowMs > MAX_SKEW_MS || nowMs - signedMs > MAX_AGE_MS) {
    throw new Refusal('AccessDenied', 'The x-amz-date of the form is not of these days')
  }
  await checkString(policy, given, options)
  const { expirationMs, conditions } = readPolicy(policy)
  if (nowMs >= expirationMs) throw refused('Policy expired.')
  return checkConditions(conditions, fields, bucket)
}

interface Policy {
  readonly expirationMs: number
  readonly conditions: readonly unknown[]
}

function readPolicy(base64: string): Policy {
  const bytes = fromBase64(base64)
  const text = bytes && fromUtf8Strict(bytes)
  let document: { expiration?: unknown; conditions?: unknown } | null
  try {
    document = JSON.parse(text ?? '')
  } catch {
    throw invalid('it is not JSON in base64')
  }
  const { expiration, conditions } = document ?? {}
  const wellFormed =
    typeof expiration === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(expiration)
  const expirationMs = wellFormed ? Date.parse(expiration) : Number.NaN
  if (Number.isNaN(expirationMs))
    throw invalid('its expiration is no time such as 2030-01-01T00:00:00Z')
  if (!Array.isArray(conditions)) throw invalid('it has no list of conditions')
  return { expirationMs, conditions }
}

/** What no condition need speak of. */
const EXEMPT = ['policy', 'x-amz-signature']

function checkConditions(
  conditions: readonly unknown[],
  fields: ReadonlyMap<string, string>,
  bucket: string,
): PostGrant {
  const values = new Map([...fields, ['bucket', bucket]])
  const named = new Set<string>()
  let minBytes = 0
  let maxBytes = Number.MAX_SAFE_INTEGER
  for (const condition of conditions) {
    for (const [operator, name, value] of normalised(condition)) {
      if (operator === 'content-length-range') {
        minBytes = Math.max(minBytes, countOf(name))
        maxBytes = Math.min(maxBytes, countOf(value))
        continue
      }
      if (typeof name !== 'string' || typeof value !== 'string' || !name.startsWith('$')) {
        throw invalid('a condition is not of the form ["eq", "$field", "value"]')
      }
      const field = name.slice(1).toLowerCase()
      named.add(field)
      const found = values.get(field) ?? ''
      const holds = operator === 'eq' ? found === value : found.startsWith(value)
      if (!holds)
        throw refused(`Policy Condition failed: ${JSON.stringify([operator, name, value])}`)
    }
  }
  // The bucket among them: a policy that names none would be one for every bucket.
  for (const name of values.keys()) {
    if (EXEMPT.includes(name) || name.startsWith('x-ignore-') || named.has(name)) continue
    throw refused(`Extra input fields: ${name}`)
  }
  return { minBytes, maxBytes }
}

/** Conditions in their long form: `{"acl": "private"}` says `["eq", "$acl", "private"]`. */
function normalised(condition: unknown): readonly (readonly [string, unknown, unknown])[] {
  if (Array.isArray(condition)) {
    const [operator, name, value] = condition
    const known = ['eq', 'starts-with', 'content-length-range']
    const word = typeof operator === 'string' ? operator.toLowerCase() : ''
    if (condition.length === 3 && known.includes(word)) return [[word, name, value]]
  } else if (typeof condition === 'object' && condition !== null) {
    return Object.entries(condition).map(([name, value]) => ['eq', `$${name}`, value])
  }
  throw invalid('it has a condition of an unknown kind')
}

function countOf(value: unknown): number {
  const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count
  throw invalid('a content-length-range has two numbers of bytes')
}

function invalid(why: string): Refusal {
  return new Refusal('InvalidPolicyDocument', `Invalid Policy: ${why}`)
}

function refused(why: string): Refusal {
  return new Refusal('AccessDenied', `Invalid according to Policy: ${why}`)
}
