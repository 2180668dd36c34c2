import type { ErrorCode } from '../../../src/contracts/index.ts'
import { type Passing, refusal } from './world.ts'

/** How a call ends: well, or with an error of this code. */
export type Outcome = 'well' | ErrorCode

export interface Fault {
  readonly name: string
  /** What the client makes of one such answer, and of nothing but such answers. */
  readonly once: Outcome
  readonly always: Outcome
  /** The operations that it can hit; default all. */
  readonly hits?: RegExp
  /** Where an operation sees it otherwise. */
  readonly except?: readonly (readonly [
    RegExp,
    { readonly once?: Outcome; readonly always?: Outcome },
  ])[]
  play(passing: Passing): Promise<Response>
}

/** Their success is told by its headers alone. */
const NO_BODY = /^(PutObject|UploadPart \d|DeleteObject$|AbortM)/

const lost = (): never => {
  throw new TypeError('fetch failed')
}

async function withBody(
  passing: Passing,
  piece: (bytes: Uint8Array) => Uint8Array,
  cut: boolean,
): Promise<Response> {
  const response = await passing.send()
  const bytes = new Uint8Array(await response.arrayBuffer())
  let begun = false
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const part = piece(bytes)
      if (!begun && part.byteLength > 0) controller.enqueue(part)
      else if (cut) controller.error(new TypeError('terminated'))
      else controller.close()
      begun = true
    },
  })
  return new Response(body, response)
}

const half = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, Math.ceil(bytes.byteLength / 2))
const none = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, 0)

function answered(
  name: string,
  status: number,
  code: string,
  once: Outcome,
  always: Outcome,
): Fault {
  return { name, once, always, play: async () => refusal(status, code) }
}

/** A body goes on from its last byte, so that halves of halves come to an end. */
const RESUMES = [/^GetObject/, { always: 'well' }] as const
/** The second answer tells by its status that the upload is gone, and the object whose it is. */
const FOUND = [/^Complete/, { always: 'well' }] as const

export const FAULTS: readonly Fault[] = [
  { name: 'a connection that fails', once: 'well', always: 'network', play: async () => lost() },
  {
    name: 'an answer lost after the commit',
    once: 'well',
    always: 'network',
    play: async (passing) => {
      await passing.send()
      return lost()
    },
  },
  {
    name: 'a 500 after the commit',
    once: 'well',
    always: 'unavailable',
    play: async (passing) => {
      await passing.send()
      return refusal(500, 'InternalError')
    },
  },
  {
    name: 'a cut after the headers',
    once: 'well',
    always: 'network',
    hits: /^(?!HeadObject|DeleteObject$|AbortM)/,
    except: [[NO_BODY, { always: 'well' }], FOUND],
    play: (passing) => withBody(passing, none, true),
  },
  {
    name: 'a cut in mid body',
    once: 'well',
    always: 'network',
    hits: /^(?!HeadObject|PutObject|UploadPart \d|DeleteObject$|AbortM)/,
    except: [RESUMES, FOUND],
    play: (passing) => withBody(passing, half, true),
  },
  {
    name: 'a body that ends early without an error',
    once: 'well',
    always: 'protocol',
    hits: /^(?!HeadObject|PutObject|UploadPart \d|DeleteObject$|AbortM)/,
    except: [RESUMES, FOUND],
    play: (passing) => withBody(passing, half, false),
  },
  {
    name: '200 with an <Error>',
    once: 'well',
    always: 'unavailable',
    hits: /^(?!HeadObject|GetObject)/,
    play: async () => refusal(200, 'InternalError'),
  },
  {
    name: '200 with an <Error> after the commit',
    once: 'well',
    always: 'unavailable',
    hits: /^(?!HeadObject|GetObject)/,
    play: async (passing) => {
      await passing.send()
      return refusal(200, 'InternalError')
    },
  },
  {
    name: 'an empty 200',
    once: 'well',
    always: 'protocol',
    hits: /^(?!DeleteObject$|AbortM)/,
    // Without an ETag or a size: a browser that may not see them will not see them later.
    except: [[/^(PutObject|UploadPart \d|GetObject|HeadObject)/, { once: 'protocol' }]],
    play: async () => new Response(null, { status: 200 }),
  },
  answered('409', 409, 'ConditionalRequestConflict', 'well', 'conflict'),
  {
    ...answered('412', 412, 'PreconditionFailed', 'precondition-failed', 'precondition-failed'),
    // There the condition is the client's own, on the source.
    except: [[/^UploadPartCopy/, { once: 'conflict', always: 'conflict' }]],
  },
  answered('429', 429, 'TooManyRequests', 'well', 'slow-down'),
  answered('500', 500, 'InternalError', 'well', 'unavailable'),
  answered('503', 503, 'SlowDown', 'well', 'slow-down'),
  answered('403', 403, 'AccessDenied', 'permission-denied', 'permission-denied'),
  {
    name: 'silence',
    once: 'well',
    always: 'timeout',
    play: (passing) => passing.silence(),
  },
  {
    name: 'silence after the commit',
    once: 'well',
    always: 'timeout',
    play: async (passing) => {
      await passing.send()
      return passing.silence()
    },
  },
  {
    name: 'a token that ends',
    once: 'well',
    always: 'unauthenticated',
    play: (passing) => {
      passing.expireTokens()
      return passing.send()
    },
  },
  ...[301, 307].map(
    (status): Fault => ({
      name: `${status} to another region`,
      once: 'invalid-options',
      always: 'invalid-options',
      play: async () =>
        refusal(status, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-3' }),
    }),
  ),
]
