import { Refusal } from './refusal.ts'

/** What pages of other origins may do. */
export interface S3GatewayCors {
  /** Such as `https://app.example`, or `*` for all of them: a request still has to be signed. */
  readonly origins: readonly string[]
}

const METHODS = 'GET, HEAD, PUT, POST, DELETE'
const PREFLIGHT_S = 3600
/** A page sees nothing of an answer's headers but these; without ETag no upload in parts can be completed. */
const EXPOSED = [
  ...['ETag', 'Date', 'Location', 'Content-Length', 'Content-Range', 'Content-Encoding'],
  ...[
    'Accept-Ranges',
    'Content-Disposition',
    'x-amz-request-id',
    'x-amz-id-2',
    'x-amz-bucket-region',
  ],
  ...['x-amz-checksum-crc32', 'x-amz-checksum-crc32c', 'x-amz-checksum-crc64nvme'],
  ...['x-amz-checksum-sha1', 'x-amz-checksum-sha256'],
]

/** The answer to a preflight, which no browser signs. Throws `AccessForbidden`. */
export function preflight(request: Request, cors: S3GatewayCors | undefined): Response {
  const { headers } = request
  const wanted = headers.get('access-control-request-method') ?? ''
  if (!allowedOrigin(headers, cors) || !METHODS.split(', ').includes(wanted)) {
    throw new Refusal('AccessForbidden', 'CORSResponse: This CORS request is not allowed.')
  }
  const response = new Response(null, {
    headers: {
      'access-control-allow-methods': METHODS,
      'access-control-max-age': String(PREFLIGHT_S),
    },
  })
  const names = headers.get('access-control-request-headers')
  if (names !== null) response.headers.set('access-control-allow-headers', names)
  return response
}

/** Lets the page that asked see the answer, refusals among them, if its origin may. */
export function allowOrigin(
  { headers }: Request,
  response: Response,
  cors: S3GatewayCors | undefined,
): void {
  if (!cors) return
  response.headers.append('vary', 'Origin')
  const origin = allowedOrigin(headers, cors)
  if (!origin) return
  response.headers.set('access-control-allow-origin', origin)
  response.headers.set(
    'access-control-expose-headers',
    [...EXPOSED, ...metadataNames(response.headers)].join(', '),
  )
}

/** There is no pattern for them: `*` would be it, and is not known to every browser. */
function metadataNames(headers: Headers): string[] {
  return [...headers.keys()].filter((name) => name.startsWith('x-amz-meta-'))
}

function allowedOrigin(headers: Headers, cors: S3GatewayCors | undefined): string | undefined {
  const origin = headers.get('origin')
  if (origin === null || !cors) return undefined
  if (cors.origins.includes('*')) return '*'
  return cors.origins.includes(origin) ? origin : undefined
}
