import type {
  GetOptions,
  MultipartLimits,
  ObjectHeaders,
  Part,
  WriteConditions,
} from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import { checkKey, isWellFormed } from '../core/keys.ts'

const METADATA_NAME = /^[a-z0-9-]+$/
/**
 * What comes back as it was sent everywhere: `fetch` trims outer spaces, runtimes differ beyond ASCII, and servers in what
 * they make of an empty header.
 */
const HEADER_VALUE = /^(?! )[\u0020-\u007e]+(?<! )$/
/** In a header's value they would end it, or the request. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const CONTROL = /[\u0000-\u001f\u007f]/

/**
 * What the contract says of headers and metadata, checked in one place for every store: throws `invalid-options` with
 * the name of the one at fault. Gives a frozen copy without the absent ones.
 */
export function checkHeaders(key: string, options: ObjectHeaders): ObjectHeaders {
  const { contentType, cacheControl, contentDisposition, contentEncoding } = options
  const headers = Object.entries({
    contentType,
    cacheControl,
    contentDisposition,
    contentEncoding,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const metadata = Object.entries(options.metadata ?? {})
  for (const [name] of metadata) {
    if (METADATA_NAME.test(name)) continue
    throw refused(key, `the metadata name ${JSON.stringify(name)} is not of the form [a-z0-9-]`)
  }
  for (const [name, value] of headers) {
    if (typeof value === 'string' && HEADER_VALUE.test(value)) continue
    throw refused(key, `"${name}" must be printable ASCII, not empty, without spaces around it`)
  }
  for (const [name, value] of metadata) {
    if (typeof value === 'string' && !CONTROL.test(value) && isWellFormed(value)) continue
    throw refused(key, `"${name}" must be text without control characters and lone surrogates`)
  }
  return Object.freeze({
    ...Object.fromEntries(headers),
    ...(metadata.length > 0 && {
      metadata: Object.freeze(Object.fromEntries(metadata)),
    }),
  })
}

/**
 * Throws `not-supported` when a condition is set that the store does not honour on this verb, and `invalid-options` for
 * both at once, which no object could meet.
 */
export function checkConditions(
  key: string,
  { ifNoneMatch, ifMatch }: WriteConditions,
  honoured: boolean,
  verb: string,
): void {
  for (const [name, value] of Object.entries({ ifNoneMatch, ifMatch })) {
    if (honoured || value === undefined) continue
    throw new SluiceError('not-supported', `This store takes no ${name} on ${verb} ("${key}")`, {
      key,
    })
  }
  if (ifNoneMatch === undefined || ifMatch === undefined) return
  throw refused(key, 'ifNoneMatch wants no object and ifMatch wants one: give one of them')
}

/** Throws `invalid-key`, and `invalid-options` for a copy of an object onto itself, as S3 does. */
export function checkCopy(from: string, to: string): void {
  checkKey(from)
  checkKey(to)
  if (from === to) throw refused(to, 'an object is not copied onto itself')
}

/** Throws `not-supported` when a range is asked for: for a store that reads objects as a whole. */
export function refuseRange(key: string, range: GetOptions['range']): void {
  if (!range) return
  throw new SluiceError('not-supported', `This store reads no ranges ("${key}")`, { key })
}

/** The part of an object of `sizeBytes` that a checked range asks for. `invalid-options` when it starts behind the last byte. */
export function resolveRange(
  key: string,
  range: GetOptions['range'],
  sizeBytes: number,
): { readonly start: number; readonly end: number } {
  if (!range) return { start: 0, end: sizeBytes }
  if (range.start >= sizeBytes) {
    throw refused(key, `the range starts at ${range.start} and the object has ${sizeBytes} bytes`)
  }
  return {
    start: range.start,
    end: Math.min(range.end ?? sizeBytes, sizeBytes),
  }
}

/** Throws `invalid-options` for a number, and `too-large` for a size, that no part may have. */
export function checkPart(
  key: string,
  partNumber: number,
  sizeBytes: number,
  limits: MultipartLimits,
): void {
  if (!Number.isSafeInteger(partNumber) || partNumber < 1 || partNumber > limits.maxParts) {
    throw refused(key, `part ${partNumber} is not one of 1 to ${limits.maxParts}`)
  }
  checkSize(key, sizeBytes, limits.maxPartBytes, `part ${partNumber}`)
}

/** Throws `too-large` for a body that passes the store's bound. */
export function checkSize(key: string, sizeBytes: number, maxBytes: number, what: string): void {
  if (sizeBytes <= maxBytes) return
  throw new SluiceError(
    'too-large',
    `"${key}": ${what} has ${sizeBytes} bytes, and this store takes ${maxBytes} at once`,
    { key },
  )
}

/**
 * Whether these parts can become an object: throws `invalid-options` before the server would, and names the part.
 * Servers check sizes at completion only, when all bytes have been sent, and some take a list with holes.
 */
export function checkParts(key: string, parts: readonly Part[], limits: MultipartLimits): void {
  if (parts.length === 0) throw refused(key, 'an upload is completed with at least one part')
  const sizeBytes = parts[0]?.sizeBytes ?? 0
  for (const [index, part] of parts.entries()) {
    if (part.partNumber !== index + 1) {
      throw refused(key, `part ${index + 1} is missing, or the parts are not in order`)
    }
    const last = index === parts.length - 1
    if (!last && part.sizeBytes < limits.minPartBytes) {
      throw refused(key, `part ${part.partNumber} has less than ${limits.minPartBytes} bytes`)
    }
    if (!limits.equalParts) continue
    if (last ? part.sizeBytes <= sizeBytes : part.sizeBytes === sizeBytes) continue
    throw refused(
      key,
      `part ${part.partNumber} has ${part.sizeBytes} bytes where part 1 has ${sizeBytes}: this store wants equal parts, and the last one no larger`,
    )
  }
}

function refused(key: string, why: string): SluiceError {
  return new SluiceError('invalid-options', `"${key}": ${why}`, { key })
}
