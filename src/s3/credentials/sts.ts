import { AwsClient } from 'aws4fetch'
import type { ErrorCode } from '../../contracts/index.ts'
import { systemClock } from '../../core/clock.ts'
import { SluiceError } from '../../core/errors.ts'
import { awsDomain } from '../aws-domain.ts'
import type { S3Credentials } from '../credentials.ts'
import { parseXml } from '../xml.ts'
import {
  type CredentialsRequestOptions,
  credentialsOf,
  secretUrl,
  sendRequest,
  statusError,
} from './request.ts'

/** A role to be taken on, and the service that gives its credentials. */
export interface RoleOptions extends CredentialsRequestOptions {
  readonly roleArn: string
  /** What the session is called in the logs of the account: 2 to 64 of `A-Z a-z 0-9 _ + = , . @ -`. */
  readonly sessionName: string
  /** How long the credentials hold. Default 1 h; 15 min to 12 h, and never more than the role allows. */
  readonly durationMs?: number | undefined
  /** A policy as JSON, which narrows down what the role allows. */
  readonly policy?: string | undefined
  /** Default `us-east-1`. */
  readonly region?: string | undefined
  /** Default: the service of `region`. MinIO answers at its S3 endpoint. */
  readonly endpoint?: string | undefined
  /** Allows plain http to another machine. Everybody on the way can then read the credentials. */
  readonly allowInsecure?: boolean | undefined
}

/** Calls with these parameters, of which `secrets` are never repeated; signed if credentials are given. */
export type StsCall = (
  parameters: Readonly<Record<string, string | undefined>>,
  secrets: readonly string[],
  signedBy?: () => Promise<S3Credentials>,
) => Promise<S3Credentials>

const REGION = /^[a-zA-Z0-9-]{1,64}$/
const ROLE_ARN = /^arn:[\u0021-\u007e]{1,2044}$/
/** Of STS: a text that is longer may be anything. */
const SERVER_CODE = /^[A-Za-z]{1,40}$/
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/

/** By STS's code. @see https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const BY_SERVER_CODE: Readonly<Record<string, ErrorCode>> = {
  AccessDenied: 'permission-denied',
  AccessDeniedException: 'permission-denied',
  ExpiredToken: 'unauthenticated',
  ExpiredTokenException: 'unauthenticated',
  IncompleteSignature: 'unauthenticated',
  InvalidAccessKeyId: 'unauthenticated',
  InvalidClientTokenId: 'unauthenticated',
  InvalidIdentityToken: 'unauthenticated',
  IDPRejectedClaim: 'unauthenticated',
  MissingAuthenticationToken: 'unauthenticated',
  RequestExpired: 'clock-skew',
  SignatureDoesNotMatch: 'unauthenticated',
  IDPCommunicationError: 'unavailable',
  InternalFailure: 'unavailable',
  ServiceUnavailable: 'unavailable',
  RequestLimitExceeded: 'slow-down',
  Throttling: 'slow-down',
  ThrottlingException: 'slow-down',
  TooManyRequests: 'slow-down',
}

/**
 * A call of the Security Token Service, checked as far as it is the same each time. Sends nothing yet.
 *
 * Errors: `invalid-options`.
 */
export function stsCall(action: string, options: RoleOptions): StsCall {
  const { roleArn, sessionName, durationMs = 3_600_000, policy, region = 'us-east-1' } = options
  const { clock = systemClock } = options
  const url = addressOf(options, region)
  if (!ROLE_ARN.test(roleArn))
    throw invalid('roleArn must begin with "arn:" and hold no white space')
  if (!SESSION_NAME.test(sessionName)) {
    throw invalid('sessionName must be 2 to 64 of A-Z, a-z, 0-9 and _+=,.@-')
  }
  if (!(durationMs >= 900_000 && durationMs <= 43_200_000)) {
    throw invalid('durationMs must be 15 minutes to 12 hours')
  }
  const what = `${action} of ${roleArn}`

  return (parameters, secrets, signedBy) => {
    const given = {
      Action: action,
      Version: '2011-06-15',
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      DurationSeconds: String(Math.floor(durationMs / 1000)),
      Policy: policy,
      ...parameters,
    }
    const pairs = Object.entries(given).filter((pair): pair is [string, string] => !!pair[1])
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      // In the body, so that no log of addresses has a token in it.
      body: new URLSearchParams(pairs).toString(),
    }
    let sent = secrets
    return sendRequest(
      {
        what,
        url,
        async init() {
          if (!signedBy) return init
          const credentials = await signedBy()
          sent = [...secrets, credentials.secretAccessKey, credentials.sessionToken ?? '']
          return { ...init, headers: await signed(url, init, credentials, region, clock.now()) }
        },
        read: (status, text) => answerOf(action, what, status, text, sent),
      },
      options,
    )
  }
}

function addressOf({ endpoint, allowInsecure }: RoleOptions, region: string): string {
  if (!REGION.test(region)) throw invalid(`${JSON.stringify(region)} is no region`)
  return secretUrl('STS', endpoint ?? `https://sts.${region}.${awsDomain(region)}`, {
    hosts: allowInsecure ? 'any' : [],
    remedy: 'use https, or set allowInsecure',
  }).href
}

async function signed(
  url: string,
  init: {
    readonly method: string
    readonly headers: Record<string, string>
    readonly body: string
  },
  { accessKeyId, secretAccessKey, sessionToken }: S3Credentials,
  region: string,
  atMs: number,
): Promise<Headers> {
  const aws = new AwsClient({
    accessKeyId,
    secretAccessKey,
    service: 'sts',
    region,
    ...(sessionToken ? { sessionToken } : {}),
  })
  const datetime = new Date(atMs).toISOString().replace(/[:-]|\.\d{3}/g, '')
  return (await aws.sign(url, { ...init, aws: { datetime } })).headers
}

function answerOf(
  action: string,
  what: string,
  status: number,
  text: string,
  secrets: readonly string[],
): S3Credentials {
  const root = parseXml(text)
  if (status !== 200) {
    const error = root?.name === 'Error' ? root : root?.child('Error')
    const serverCode = error?.text('Code') ?? ''
    if (!SERVER_CODE.test(serverCode) || secrets.includes(serverCode))
      throw statusError(what, status)
    const code = BY_SERVER_CODE[serverCode] ?? (status >= 500 ? 'unavailable' : 'invalid-options')
    const message = conceal(error?.text('Message') ?? '', secrets).slice(0, 300)
    throw new SluiceError(code, `${what} was answered ${status} ${serverCode} "${message}"`, {
      status,
      serverCode,
    })
  }
  const given = root?.child(`${action}Result`)?.child('Credentials')
  if (!given) throw new SluiceError('protocol', `${what} was answered without credentials`)
  return credentialsOf(what, {
    accessKeyId: given.text('AccessKeyId'),
    secretAccessKey: given.text('SecretAccessKey'),
    sessionToken: given.text('SessionToken'),
    expiration: given.text('Expiration'),
  })
}

/** What a server says helps, unless it says back what it must not have been told. */
function conceal(text: string, secrets: readonly string[]): string {
  let concealed = text
  for (const secret of secrets) {
    if (secret !== '') concealed = concealed.replaceAll(secret, '…')
  }
  return concealed
}

function invalid(message: string): SluiceError {
  return new SluiceError('invalid-options', message)
}
