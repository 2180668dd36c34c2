/** What the values of a row group take, counted as they come, by the same rule however they were batched. */
export interface Tally {
  bytes: number
}
