import type { Awaitable } from '../../contracts/index.ts'
import { asSluiceError, SluiceError } from '../../core/errors.ts'
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

export interface ContainerCredentialsOptions extends CredentialsRequestOptions {
  /**
   * What `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` says, a path of the ECS agent (169.254.170.2), or
   * `AWS_CONTAINER_CREDENTIALS_FULL_URI`, a URL. Plain http goes only to this machine and to the agents of ECS and EKS.
   */
  readonly uri: string
  /** Gives what the agent wants to see in the Authorization header. Asked each time: EKS renews it in a file. */
  readonly authorization?: (() => Awaitable<string>) | undefined
}

const ECS_AGENT = '169.254.170.2'
/** ECS, and EKS Pod Identity over IPv4 and IPv6. */
const AGENTS = [ECS_AGENT, '169.254.170.23', '[fd00:ec2::23]']
const IN_HEADER = /^[\u0020-\u007e]+$/
const WHAT = 'The credentials agent of the container'

/**
 * The credentials of the container that this runs in: an ECS task, an EKS pod (Pod Identity), or whatever speaks the
 * same protocol. Each call of the function is a request; a client keeps what it gives.
 *
 * Errors: `invalid-options` for an address that no secret may come from, at once, and for an unusable `authorization`;
 * `permission-denied`, `protocol`, `network`, `timeout`, `unavailable` as the agent answers.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export function containerCredentials(
  options: ContainerCredentialsOptions,
): () => Promise<S3Credentials> {
  const { uri } = options
  // The agent's own address in front, so that a path like `//elsewhere/` leads nowhere else.
  const url = secretUrl(WHAT, uri.startsWith('/') ? `http://${ECS_AGENT}${uri}` : uri, {
    hosts: AGENTS,
    remedy: `only this machine and ${AGENTS.join(', ')} may be asked so; use https`,
  })
  return async () => {
    const authorization = await authorizationOf(options)
    return sendRequest(
      {
        what: WHAT,
        url: url.href,
        init: () => ({ headers: authorization === undefined ? {} : { authorization } }),
        read(status, text) {
          if (status !== 200) throw statusError(WHAT, status)
          return metadataCredentials(WHAT, jsonFields(WHAT, text))
        },
      },
      metadataOptions(options),
    )
  }
}

async function authorizationOf({
  authorization,
}: ContainerCredentialsOptions): Promise<string | undefined> {
  if (!authorization) return undefined
  let given: string
  try {
    given = (await authorization()).trim()
  } catch (error) {
    throw asSluiceError(error, 'invalid-options', `${WHAT}: its authorization token cannot be had`)
  }
  // Checked here: a runtime that refuses a header repeats it in its message.
  if (IN_HEADER.test(given)) return given
  throw new SluiceError(
    'invalid-options',
    `${WHAT}: its authorization token must be one line of printable ASCII`,
  )
}
