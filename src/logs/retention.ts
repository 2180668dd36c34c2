const DAY_MS = 24 * 60 * 60 * 1000

/** How long after its sealing a committed file still answers for its receipts. */
export const KEEP_FILES_MS: number = 90 * DAY_MS
/** How long after its last request a producer is still recognised. */
export const KEEP_PRODUCERS_MS: number = 7 * DAY_MS
