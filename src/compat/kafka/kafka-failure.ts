import { asSluiceError, isSluiceError, SluiceError } from '../../core/errors.ts'

interface Refusal {
  readonly code: 'unauthenticated' | 'permission-denied'
  readonly message: string
}

const WHO: Refusal = {
  code: 'unauthenticated',
  message: 'Kafka refuses the credentials of this consumer, or the way they are given',
}
const TOPICS: Refusal = {
  code: 'permission-denied',
  message: 'Kafka does not let this consumer read its topics: it needs READ of each, by an ACL',
}
const GROUP: Refusal = {
  code: 'permission-denied',
  message: 'Kafka does not let this consumer join its group: it needs READ of that, by an ACL',
}

/**
 * What a broker refuses a client with that does not say, or not rightly, who it is, or may not do what it asks for: asking again changes neither.
 * @see https://kafka.apache.org/protocol.html#protocol_error_codes
 */
const REFUSALS: ReadonlyMap<unknown, Refusal> = new Map([
  ['SASL_AUTHENTICATION_FAILED', WHO],
  ['UNSUPPORTED_SASL_MECHANISM', WHO],
  ['TOPIC_AUTHORIZATION_FAILED', TOPICS],
  ['GROUP_AUTHORIZATION_FAILED', GROUP],
])
const LEFT_BEHIND: ReadonlySet<unknown> = new Set([
  'ILLEGAL_GENERATION',
  'REBALANCE_IN_PROGRESS',
  'UNKNOWN_MEMBER_ID',
])
/** The client's errors lie in one another: each retry and each broker adds one. */
const MAX_DEPTH = 16

/**
 * What Kafka failed with, as ours. `unauthenticated` when a broker has refused the credentials, `permission-denied` when it refuses what they may not do; neither is tried
 * again. A failure to come by credentials, as of a token's provider, may pass, and is `unavailable` like any other.
 */
export function kafkaFailure(error: unknown): SluiceError {
  for (const apiId of errorNamesOf(error)) {
    const refusal = REFUSALS.get(apiId)
    if (refusal) return new SluiceError(refusal.code, refusal.message, { cause: error })
  }
  return asSluiceError(error, 'unavailable', 'Kafka does not do what it was asked for')
}

export function isRefusal(error: SluiceError): boolean {
  return isSluiceError(error, 'unauthenticated') || isSluiceError(error, 'permission-denied')
}

/** Whether the group goes on without this consumer, as it does when others come and go. */
export function isLeftBehind(error: SluiceError): boolean {
  for (const apiId of errorNamesOf(error)) if (LEFT_BEHIND.has(apiId)) return true
  return false
}

/** What brokers call the errors that this one has come from. */
function* errorNamesOf(error: unknown, depth = 0): Generator<unknown> {
  if (!(error instanceof Error) || depth > MAX_DEPTH) return
  const { apiId, cause, errors } = error as { apiId?: unknown; cause?: unknown; errors?: unknown }
  yield apiId
  for (const inner of Array.isArray(errors) ? [cause, ...errors] : [cause]) {
    yield* errorNamesOf(inner, depth + 1)
  }
}
