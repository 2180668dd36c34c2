/** What the values of a row group take, counted as they come, by the same rule however they were batched. */
export interface Tally {
  bytes: number
  /** Who takes many at once stops when so many bytes are there: values may be large. Default: no limit. */
  readonly limit?: number | undefined
}
