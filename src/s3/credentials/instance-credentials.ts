import { isSluiceError, SluiceError } from '../../core/errors.ts'
import type { S3Credentials } from '../credentials.ts'
import {
  type CredentialsRequestOptions,
  jsonFields,
  metadataCredentials,
  metadataOptions,
  secretUrl,
  sendRequest,
  statusError,
} from './request.ts'

export interface InstanceCredentialsOptions extends CredentialsRequestOptions {
  /** Default `http://169.254.169.254`; over IPv6 it is `http://[fd00:ec2::254]`. */
  readonly endpoint?: string | undefined
}

const HOSTS = ['169.254.169.254', '[fd00:ec2::254]']
const ROLES = '/latest/meta-data/iam/security-credentials/'
const ROLE_NAME = /^[\w+=,.@-]{1,64}$/
/** Of a token, in seconds. It is for the two requests that follow. */
const TOKEN_TTL_SECONDS = 300
const MAX_TOKEN_LENGTH = 1024
const WHAT = 'The instance metadata service'

/**
 * The credentials of the role of the EC2 instance that this runs on, by version 2 of its metadata service (IMDSv2).
 * Version 1 is not spoken: it hands the credentials to whoever can make this machine send a GET. Each call of the function
 * is three requests; a client keeps what it gives.
 *
 * Errors: `unauthenticated` where no such service answers, or the instance has no role; `permission-denied` where it is
 * switched off, or the role may not be taken on; `not-supported` where it knows version 1 only; `invalid-options` for an
 * address that no secret may come from, at once; `protocol`, `network`, `timeout`, `unavailable`.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 */
export function instanceCredentials(
  options: InstanceCredentialsOptions = {},
): () => Promise<S3Credentials> {
  const { origin, host } = secretUrl(WHAT, options.endpoint ?? `http://${HOSTS[0]}`, {
    hosts: HOSTS,
    remedy: `only this machine and ${HOSTS.join(', ')} may be asked so; use https`,
  })
  const limits = metadataOptions(options)
  /** Whether anybody was ever there: before, silence means that this is no instance; after, that it is in trouble. */
  let found = false

  async function newToken(): Promise<string> {
    const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_TTL_SECONDS) }
    try {
      const token = await sendRequest(
        {
          what: WHAT,
          url: `${origin}/latest/api/token`,
          init: () => ({ method: 'PUT', headers: ttl }),
          read: tokenOf,
        },
        limits,
      )
      found = true
      return token
    } catch (cause) {
      if (found || !isSluiceError(cause) || !/^(network|timeout)$/.test(cause.code)) throw cause
      throw new SluiceError(
        'unauthenticated',
        `No instance metadata service answers at ${host}: this is no EC2 instance, or a container on one whose answers ` +
          'may make one hop only (set the hop limit to 2)',
        { cause },
      )
    }
  }

  return async () => {
    const headers = { 'x-aws-ec2-metadata-token': await newToken() }
    const init = (): RequestInit => ({ headers })
    const role = await sendRequest({ what: WHAT, url: origin + ROLES, init, read: roleOf }, limits)
    const url = origin + ROLES + role
    return sendRequest({ what: WHAT, url, init, read: credentialsOfRole }, limits)
  }
}

function tokenOf(status: number, text: string): string {
  if (status === 404 || status === 405) {
    throw new SluiceError(
      'not-supported',
      `${WHAT} gives no tokens: version 1 of it is not spoken`,
      {
        status,
      },
    )
  }
  if (status !== 200) throw statusError(WHAT, status)
  const token = text.trim()
  if (/^[\u0021-\u007e]+$/.test(token) && token.length <= MAX_TOKEN_LENGTH) return token
  throw new SluiceError('protocol', `${WHAT} was answered without a usable token`)
}

function roleOf(status: number, text: string): string {
  const [role = ''] = text.trim().split(/\r?\n/)
  if (status === 404 || (status === 200 && role === '')) {
    throw new SluiceError('unauthenticated', `${WHAT} says that this instance has no role`)
  }
  if (status !== 200) throw statusError(WHAT, status)
  if (ROLE_NAME.test(role)) return role
  throw new SluiceError('protocol', `${WHAT} was answered without a usable name of a role`)
}

function credentialsOfRole(status: number, text: string): S3Credentials {
  if (status !== 200) throw statusError(WHAT, status)
  const fields = jsonFields(WHAT, text)
  const { Code: code = 'Success' } = fields
  if (code === 'Success') return metadataCredentials(WHAT, fields)
  const said = typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'a failure'
  throw new SluiceError('permission-denied', `${WHAT} says ${said} of the instance's role`, {
    status,
  })
}
