import { SluiceError } from '../core/errors.ts'

/** The text of an answer. Rejects with `too-large` as soon as more than `maxBytes` came, and with what the body does. */
export async function readText(
  { body }: Response,
  maxBytes: number,
  onProgress?: () => void,
): Promise<string> {
  if (!body) return ''
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let sizeBytes = 0
  let text = ''
  try {
    for (;;) {
      const { value } = await reader.read()
      if (!value) return text + decoder.decode()
      onProgress?.()
      sizeBytes += value.byteLength
      if (sizeBytes > maxBytes) {
        throw new SluiceError('too-large', `The answer has more than ${maxBytes} bytes`)
      }
      text += decoder.decode(value, { stream: true })
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}
