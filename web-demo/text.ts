const whole = new Intl.NumberFormat('en')
const fraction = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

export function numberText(value: number): string {
  return whole.format(value)
}

/** `1 record`, `2,000 records`. */
export function countText(count: number, noun: string): string {
  return `${whole.format(count)} ${noun}${count === 1 ? '' : 's'}`
}

export function bytesText(bytes: number): string {
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (bytes >= size) return `${fraction.format(bytes / size)} ${unit}`
  }
  return countText(bytes, 'byte')
}
