/**
 * What went wrong, as a stable word a program may branch on. One vocabulary for every room.
 *
 * | code | meaning | what to do |
 * |---|---|---|
 * | `not-found` | the object, upload, stream or receipt does not exist | |
 * | `already-exists` | a create-only operation found something there (not a lost race: see `conflict`) | choose another key; with a `producerId`, see below |
 * | `precondition-failed` | `ifNoneMatch` or `ifMatch` did not hold; the object is somebody else's | re-read, decide |
 * | `conflict` | two writers met; nothing is known to be wrong with either | retry |
 * | `permission-denied` · `unauthenticated` | the credentials do not allow it · are missing or wrong | |
 * | `clock-skew` | the server's clock and ours differ too much to sign | |
 * | `slow-down` | the other side asks for patience | retry later |
 * | `invalid-key` · `invalid-options` · `invalid-record` | a key, an option, a record was refused by name, before anything was sent | |
 * | `not-supported` | this store, runtime or format cannot do it, and says so rather than ignoring it | |
 * | `too-large` | a declared bound was passed | |
 * | `checksum-mismatch` | bytes changed on the way | retry |
 * | `fenced` | somebody else goes on in its place; see below | stop |
 * | `aborted` · `timeout` · `network` | the caller's signal · a time limit · no usable answer | |
 * | `protocol` | the other side answered something that its protocol forbids | |
 * | `unavailable` | the other side is there and failing | retry |
 *
 * Who must stop at a `fenced` is told by the details: with a `producerId` only that producer's epoch is over, and the sink
 * takes what others write; with a `key` an object of somebody else's stands where a file of this sink was to be; with
 * neither, another owner has opened the log, and may have kept what was being written. A `conflict` with a `producerId` is about that producer's sequence:
 * its request leaves a gap (its `seq` is above the `expectedSeq`) or is another one than was kept under its number (below). An
 * `already-exists` with a `producerId` says that a request of that number was kept, so long ago that its answer and what was in it
 * are forgotten: the producer goes on with the next one.
 */
export type ErrorCode =
  | 'not-found'
  | 'already-exists'
  | 'precondition-failed'
  | 'conflict'
  | 'permission-denied'
  | 'unauthenticated'
  | 'clock-skew'
  | 'slow-down'
  | 'invalid-key'
  | 'invalid-options'
  | 'invalid-record'
  | 'not-supported'
  | 'too-large'
  | 'checksum-mismatch'
  | 'fenced'
  | 'aborted'
  | 'timeout'
  | 'network'
  | 'protocol'
  | 'unavailable'

/** What a server said about a failure. Never a secret, a token or a signed URL. */
export interface ErrorDetails {
  /** The object's key, where one is concerned. */
  readonly key?: string | undefined
  /** The multipart upload that may still be open. */
  readonly uploadId?: string | undefined
  /** The producer whose step was refused. Nothing of this request was kept. */
  readonly producerId?: string | undefined
  /** The number of the next request that is taken of this producer's epoch: those before it were kept. */
  readonly expectedSeq?: number | undefined
  /** HTTP status. */
  readonly status?: number | undefined
  /** The server's own code, such as S3's `NoSuchUpload`. */
  readonly serverCode?: string | undefined
  readonly requestId?: string | undefined
  readonly region?: string | undefined
  /** How often it was tried. */
  readonly attempts?: number | undefined
  /** How long the server asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined
}
