/** How many of its files a sink remembers. Some megabytes: it may live for years, and write a file every few seconds. */
export const KEPT_FILES = 10_000
