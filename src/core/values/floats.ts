/** Whether a number of 32 bits is near it: a finite one must not become an infinity. */
export function fitsFloat32(value: number): boolean {
  return Number.isFinite(Math.fround(value)) || !Number.isFinite(value)
}

/** Halfway from the greatest finite one, 65,504, to what would come next: ties go to the even one, which is that next one. */
const FLOAT16_END = 65_520

/** The same of 16 bits. */
export function fitsFloat16(value: number): boolean {
  return Math.abs(value) < FLOAT16_END || !Number.isFinite(value)
}

/** The least that has 11 significant bits; below it, all are multiples of 2^-24. */
const LEAST_NORMAL_FLOAT16 = 2 ** -14
/** The doubles from here on are whole, so that adding it to a smaller number rounds that, ties to even. */
const WHOLE = 2 ** 52

const view = new DataView(new ArrayBuffer(8))

/**
 * The bits of the number of 16 bits that is nearest, ties to even: sign, 5 bits of exponent, 10 of fraction. Rounded once, from the
 * double: by way of 32 bits, some come out one off. What `fitsFloat16` refuses becomes an infinity; every `NaN` is one.
 *
 * `Math.f16round` and `DataView.setFloat16` are not everywhere yet. @see https://en.wikipedia.org/wiki/Half-precision_floating-point_format
 */
export function float16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  view.setFloat64(0, value)
  const high = view.getUint32(0)
  const sign = (high >>> 16) & 0x8000
  const size = Math.abs(value)
  if (size >= FLOAT16_END) return sign | 0x7c00
  if (size < LEAST_NORMAL_FLOAT16) return sign | (size * 2 ** 24 + WHOLE - WHOLE)
  const exponent = ((high >>> 20) & 0x7ff) - 1023
  // From 1,024 to 2,048: a fraction that is rounded up to the next power of two carries into the exponent, as it should.
  const fraction = size * 2 ** (10 - exponent) + WHOLE - WHOLE
  return sign | (((exponent + 14) << 10) + fraction)
}

/** The number that these bits are, which a double holds exactly. */
export function float16Of(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (fraction + 1024) * 2 ** (exponent - 25)
}
