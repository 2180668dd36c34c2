import { utf8Length } from '../../core/bytes.ts'
import { Refusal } from './refusal.ts'

export type QueryPairs = readonly (readonly [name: string, value: string])[]

/** Where a request goes, decoded. */
export interface Target {
  readonly host: string
  readonly path: string
  readonly bucket: string
  readonly key: string
  readonly query: QueryPairs
}

/** A path and two names of 1,024 bytes, each escaped, and a token: more than any operation needs. */
const MAX_URL_CHARACTERS = 16 * 1024
/** S3's own bound is 8 kB; a session token of the longest kind and metadata beyond ASCII need more. */
const MAX_HEADER_BYTES = 32 * 1024

/**
 * Takes the URL apart as it was sent, without a URL parser, which would decode otherwise. Dot segments, though, are
 * resolved before a `Request` exists: a server in front must refuse them, or a client that resolves them as well
 * writes another key than it thinks.
 */
export function targetOf(request: Request): Target {
  checkSizes(request)
  const [, host = '', rest = '/'] = /^[a-z]+:\/\/([^/?#]*)([^#]*)/i.exec(request.url) ?? []
  const mark = rest.indexOf('?')
  const path = decode(mark < 0 ? rest : rest.slice(0, mark)) || '/'
  const slash = path.indexOf('/', 1)
  const query = (mark < 0 ? '' : rest.slice(mark + 1)).split('&').filter((pair) => pair !== '')
  return {
    host,
    path,
    bucket: slash < 0 ? path.slice(1) : path.slice(1, slash),
    key: slash < 0 ? '' : path.slice(slash + 1),
    query: query.map((pair) => {
      const equals = pair.indexOf('=')
      const name = equals < 0 ? pair : pair.slice(0, equals)
      const value = equals < 0 ? '' : pair.slice(equals + 1)
      return [decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' '))] as const
    }),
  }
}

function checkSizes({ url, headers }: Request): void {
  let bytes = 0
  headers.forEach((value, name) => {
    bytes += name.length + utf8Length(value)
  })
  if (url.length <= MAX_URL_CHARACTERS && bytes <= MAX_HEADER_BYTES) return
  throw new Refusal(
    'RequestHeaderSectionTooLarge',
    'Your request header and query parameters exceed the maximum allowed size',
  )
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Refusal(
      'InvalidURI',
      "Couldn't parse the specified URI: it is not percent-encoded UTF-8",
    )
  }
}

/** The query by name. A parameter that is given twice could mean either. */
export function queryMap(pairs: QueryPairs): ReadonlyMap<string, string> {
  const query = new Map(pairs)
  if (query.size === pairs.length) return query
  throw new Refusal('InvalidArgument', 'A query parameter was given twice')
}
