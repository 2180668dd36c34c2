/** The most bytes that snappy makes of so many. */
export function snappyBound(length: number): number {
  return 32 + length + Math.ceil(length / 6)
}
