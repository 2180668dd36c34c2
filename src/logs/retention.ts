const DAY_MS = 24 * 60 * 60 * 1000

/** How long after its sealing a committed file still answers for its receipts. */
export const KEEP_FILES_MS: number = 90 * DAY_MS
/** How long after its last request a producer is still recognised, where there are many. */
export const KEEP_PRODUCERS_MS: number = 7 * DAY_MS
/** As many are recognised however old they seem: a clock that is ahead for a moment must not forget those that write all the time. */
export const KEEP_PRODUCERS = 1000
/**
 * How many of a producer's last requests are answered again: more than anybody has under way at once. Of a job that is run again
 * from its beginning the earlier ones are known to have been kept, which is all that it needs.
 */
export const KEEP_ANSWERS = 32
/** How long the answers before the last one may be together, as JSON: a thousand producers' are 32 MiB. Most are some 200 characters. */
export const KEEP_ANSWERS_LENGTH: number = 32 * 1024
