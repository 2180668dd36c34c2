/**
 * Takes a value apart into the leaves below it. `repetition` is the list at which it goes on, and `definition` how much of the path
 * to it is there, itself left out. `false` when it does not fit, after which the leaves are of no use.
 *
 * @see https://github.com/apache/parquet-format/blob/master/README.md#nested-encoding
 */
export type Shred = (value: unknown, repetition: number, definition: number) => boolean
