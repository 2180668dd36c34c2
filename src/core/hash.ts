import type { Bytes } from '../contracts/index.ts'
import { toHex } from './bytes.ts'

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

/** 64 lower-case hex digits. */
export async function sha256Hex(bytes: Bytes): Promise<string> {
  return toHex(await sha256(bytes))
}

export async function hmacSha256(key: Bytes, bytes: Bytes): Promise<Bytes> {
  const imported = await crypto.subtle.importKey(
    'raw',
    key,
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  )
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, bytes))
}
