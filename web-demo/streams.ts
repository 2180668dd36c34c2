/** A stream that this token may write, and the format of its files. */
export interface Stream {
  readonly name: string
  readonly format: string
}

/** The token is of no use here. */
export class TokenRefused extends Error {}

/** Names of the streams that are there for files of all kinds; the others have records of their own. See wrangler.toml. */
const UPLOADS = /^uploads-/

/** Asks the server for the streams that take uploads. */
export async function listUploadStreams(server: string, token: string): Promise<readonly Stream[]> {
  let response: Response
  try {
    response = await fetch(new URL('v1/streams', server), {
      headers: { authorization: `Bearer ${token}` },
    })
  } catch {
    throw new Error('The server does not answer. Is it still running?')
  }
  if (response.status === 401) throw new TokenRefused('The server does not know this token.')
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok) {
    const detail = (body as { detail?: string } | undefined)?.detail
    throw new Error(detail ?? `The server answered ${response.status}.`)
  }
  const { streams } = body as { streams: readonly Stream[] }
  const mine = streams.filter(({ name }) => UPLOADS.test(name))
  if (mine.length === 0) throw new TokenRefused('This token may write no stream named uploads-…')
  return mine
}
