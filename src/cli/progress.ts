import type { Bytes } from '../contracts/index.ts'
import { type CliIo, print } from './io.ts'

/** Redrawing more often only flickers. */
const REDRAW_MS = 100

/** Shows on a terminal how far a stream of bytes has come. Elsewhere it is silent, and the bytes just pass. */
export async function* withProgress(
  source: AsyncIterable<Bytes>,
  options: { readonly io: CliIo; readonly label: string; readonly totalBytes: number | undefined },
): AsyncGenerator<Bytes, void, undefined> {
  const { io, label, totalBytes } = options
  if (!io.stderr.isTTY) {
    yield* source
    return
  }
  const beganMs = Date.now()
  let doneBytes = 0
  let drawnMs = 0
  const draw = (): Promise<void> => {
    drawnMs = Date.now()
    const share = totalBytes ? ` ${Math.floor((doneBytes / totalBytes) * 100)} %` : ''
    const speed = doneBytes / Math.max(0.001, (drawnMs - beganMs) / 1000)
    const line = `${label}: ${bytesText(doneBytes)}${share}, ${bytesText(speed)}/s`
    return print(
      io.stderr,
      `\r\u001b[K${line.slice(0, Math.max(20, (io.stderr.columns ?? 80) - 1))}`,
    )
  }
  try {
    for await (const chunk of source) {
      yield chunk
      doneBytes += chunk.byteLength
      if (Date.now() - drawnMs >= REDRAW_MS) await draw()
    }
    await draw()
  } finally {
    await print(io.stderr, '\n')
  }
}

/** A size for people: 3 significant digits, in units of 1024. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let amount = bytes
  let unit = 0
  while (amount >= 1023.5 && unit < units.length - 1) {
    amount /= 1024
    unit++
  }
  const digits = unit === 0 || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2
  return `${amount.toFixed(digits)} ${units[unit]}`
}
