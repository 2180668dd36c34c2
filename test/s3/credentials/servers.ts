import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A request as a server got it. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A body, a status with a body, or silence. */
export type Reply = string | { readonly status: number; readonly body?: string } | 'silence'

export interface TestService {
  readonly url: string
  readonly received: readonly Received[]
}

/** A service on the loopback for the time of one test. */
export async function serve(
  reply: (request: Received) => Reply | Promise<Reply>,
): Promise<TestService> {
  const received: Received[] = []
  const server = createServer(async (incoming, outgoing) => {
    let body = ''
    for await (const chunk of incoming.setEncoding('utf8')) body += chunk
    const { method = '', url: path = '', headers } = incoming
    const request = { method, path, headers, body }
    received.push(request)
    const answer = await reply(request)
    if (answer === 'silence') return
    if (typeof answer === 'string') outgoing.end(answer)
    else outgoing.writeHead(answer.status).end(answer.body ?? '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

/** The address of a port that nobody listens at. */
export async function nobody(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

/** What STS says to an AssumeRole… that it grants. */
export function granted(action: string, number: number, expiration: Date): string {
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>
    <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>
    <Credentials><AccessKeyId>ASIA${number}</AccessKeyId><SecretAccessKey>role-secret-${number}</SecretAccessKey>
    <SessionToken>role-token-${number}</SessionToken><Expiration>${expiration.toISOString()}</Expiration></Credentials>
    </${action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${action}Response>`
}

export function denied(code: string, message = 'why'): string {
  return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`
}

export interface Signer {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()

/**
 * Why the signature of a POST to `/` is wrong, or `undefined`. Worked out from the specification, by Node's own hashes.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
export function signatureFault(
  { headers, body }: Received,
  { accessKeyId, secretAccessKey, sessionToken }: Signer,
  region: string,
  nowMs: number,
): string | undefined {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/sts\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    )
  if (!match) return 'no signature of version 4 for sts'
  const [, id, day, scope, names = '', signature] = match
  const time = String(headers['x-amz-date'])
  if (id !== accessKeyId) return 'another key'
  if (headers['x-amz-security-token'] !== sessionToken) return 'another session token'
  if (scope !== region || !time.startsWith(String(day))) return 'another scope'
  if (time !== new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, '')) return 'another time'
  const signed = names.split(';')
  for (const name of ['host', ...Object.keys(headers).filter((name) => /^x-amz-/.test(name))]) {
    if (!signed.includes(name)) return `${name} is not signed`
  }
  const canonical = [
    'POST',
    '/',
    '',
    ...signed.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names,
    sha256(body),
  ].join('\n')
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${day}/${scope}/sts/aws4_request\n${sha256(canonical)}`
  let key = hmac(`AWS4${secretAccessKey}`, String(day))
  for (const part of [region, 'sts', 'aws4_request']) key = hmac(key, part)
  return hmac(key, toSign).toString('hex') === signature ? undefined : 'another signature'
}
