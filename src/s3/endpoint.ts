import { SluiceError } from '../core/errors.ts'

export interface S3EndpointOptions {
  readonly bucket: string
  /**
   * Such as `https://ACCOUNT.r2.cloudflarestorage.com` or `http://127.0.0.1:9000`. Where each region has its own,
   * `{region}` stands for it, and a client that is told its bucket's region goes there. Default: AWS,
   * `https://s3.{region}.amazonaws.com`.
   */
  readonly endpoint?: string | undefined
  /** What requests are signed for. Default `us-east-1`, which R2, MinIO and most others take as well. */
  readonly region?: string | undefined
  /**
   * The bucket as the first segment of the path instead of part of the host's name. Default: for an endpoint without
   * `{region}`, and for a bucket with a dot in its name, which no wildcard certificate covers.
   */
  readonly pathStyle?: boolean | undefined
  /** Allows plain http to another machine. The payload is then signed, but everybody on the way can read it. */
  readonly allowInsecure?: boolean | undefined
}

/** The query of a request; a value of `undefined` leaves the name out. */
export type S3Query = Readonly<Record<string, string | number | undefined>>

/** Where a bucket's requests go. */
export interface S3Address {
  readonly region: string
  /** Each region has an endpoint of its own. */
  readonly regional: boolean
  /** Nobody on the way can change the payload, so it need not be signed: https, or the loopback. */
  readonly trusted: boolean
  url(key: string | undefined, query?: S3Query): string
}

const BUCKET = /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const REGION = /^[a-zA-Z0-9-]{1,64}$/

/**
 * Errors: `invalid-options` for a bucket name that S3 refuses, an address that is none, or plain http off the loopback.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function s3Address(options: S3EndpointOptions): S3Address {
  const {
    bucket,
    region = 'us-east-1',
    endpoint: given = 'https://s3.{region}.amazonaws.com',
  } = options
  if (!BUCKET.test(bucket)) {
    // What has a user in it may hold a password.
    const shown = bucket.includes('@') ? 'What was given' : JSON.stringify(bucket)
    throw invalid(
      `${shown} is no bucket name: 3 to 63 of a-z, 0-9, "." and "-", beginning and ending with a letter or digit`,
    )
  }
  if (!REGION.test(region)) throw invalid(`${JSON.stringify(region)} is no region`)
  const endpoint = parseEndpoint(given.replace('{region}', region))
  const regional = given.includes('{region}')
  const { pathStyle = !regional || bucket.includes('.') } = options
  const secure = endpoint.protocol === 'https:'
  const trusted = secure || isLoopback(endpoint.hostname)
  if (!trusted && !options.allowInsecure) {
    throw invalid(
      `The endpoint ${endpoint.origin} speaks plain http and is not this machine: use https, or set allowInsecure`,
    )
  }
  const host = pathStyle ? endpoint.host : `${bucket}.${endpoint.host}`
  const folder = endpoint.pathname.replace(/\/$/, '')
  if (pathStyle && folder.endsWith(`/${bucket}`)) {
    throw invalid(`The endpoint ends in the bucket's name "${bucket}": give it without`)
  }
  const root = `${endpoint.protocol}//${host}${folder}/${pathStyle ? `${bucket}/` : ''}`
  return {
    region,
    regional,
    trusted,
    url: (key, query = {}) => root + (key === undefined ? '' : encodeKey(key)) + queryText(query),
  }
}

/** RFC 3986: everything but `A-Z a-z 0-9 - _ . ~` is escaped. `encodeURIComponent` alone leaves `!'()*`. */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** A key as it stands in a URL's path: escaped, with its slashes kept. */
export function encodeKey(key: string): string {
  return encodeRfc3986(key).replaceAll('%2F', '/')
}

/** The other way. `undefined` for what is no escaped UTF-8. */
export function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function queryText(query: S3Query): string {
  const pairs: string[] = []
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) pairs.push(`${encodeRfc3986(name)}=${encodeRfc3986(String(value))}`)
  }
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function parseEndpoint(text: string): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw invalid('The endpoint is no URL: give one such as https://s3.example.com')
  }
  if (url.username || url.password || url.search || url.hash || !/^https?:$/.test(url.protocol)) {
    // The text is not repeated: it may hold a password.
    throw invalid('The endpoint must be an http or https URL without user, query or fragment')
  }
  return url
}

/** By its name alone: nobody is asked where a name leads. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

function invalid(message: string): SluiceError {
  return new SluiceError('invalid-options', message)
}
