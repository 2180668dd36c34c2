import type { ErrorCode } from '../contracts/index.ts'

/** A record, so that none can be missing. */
const CODES: Readonly<Record<ErrorCode, true>> = {
  'not-found': true,
  'already-exists': true,
  'precondition-failed': true,
  conflict: true,
  'permission-denied': true,
  unauthenticated: true,
  'clock-skew': true,
  'slow-down': true,
  'invalid-key': true,
  'invalid-options': true,
  'invalid-record': true,
  'not-supported': true,
  'too-large': true,
  'checksum-mismatch': true,
  fenced: true,
  aborted: true,
  timeout: true,
  network: true,
  protocol: true,
  unavailable: true,
}

/** Whether a word from outside is one of ours. */
export function isErrorCode(word: unknown): word is ErrorCode {
  return typeof word === 'string' && Object.hasOwn(CODES, word)
}
