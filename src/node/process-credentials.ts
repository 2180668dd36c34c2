import { execFile } from 'node:child_process'
import process from 'node:process'
import type { Clock } from '../contracts/index.ts'
import { SluiceError } from '../core/errors.ts'
import type { Environment } from '../s3/credentials/environment-credentials.ts'
import { credentialsOf, jsonFields } from '../s3/credentials/request.ts'
import type { S3Credentials } from '../s3/credentials.ts'
import { splitCommand } from './split-command.ts'

const TIME_LIMIT_MS = 60_000
const MAX_OUTPUT_BYTES = 64 * 1024

/** How long credentials are kept of which the program says no end: then it is asked again, should they have changed. */
const ENDLESS_MS = 3_600_000

/**
 * Runs a `credential_process`, without a shell, and reads what it prints. What it writes to its standard error is
 * dropped, and no error repeats its command line or its output: either may hold a secret.
 *
 * Errors: `invalid-options` for a command that cannot be run, `permission-denied` for one that fails, `timeout`,
 * `protocol`.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
export async function processCredentials(
  what: string,
  line: string,
  env: Environment,
  clock: Clock,
): Promise<S3Credentials> {
  const [file, ...words] = splitCommand(line, process.platform === 'win32')
  const fields = jsonFields(what, await outputOf(what, file, words, env, clock))
  if (fields.Version !== 1) {
    throw new SluiceError('protocol', `${what} gave another version of its output than 1`)
  }
  const given = credentialsOf(what, {
    accessKeyId: fields.AccessKeyId,
    secretAccessKey: fields.SecretAccessKey,
    sessionToken: fields.SessionToken,
    expiration: fields.Expiration,
  })
  return { ...given, expiration: given.expiration ?? new Date(clock.now() + ENDLESS_MS) }
}

function outputOf(
  what: string,
  file: string,
  words: readonly string[],
  env: Environment,
  clock: Clock,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const limit = new AbortController()
    const stopTimer = clock.schedule(clock.now() + TIME_LIMIT_MS, () => limit.abort())
    const options = {
      env: { ...env },
      encoding: 'utf8' as const,
      maxBuffer: MAX_OUTPUT_BYTES,
      signal: limit.signal,
      windowsHide: true,
    }
    const child = execFile(file, words, options, (error, output) => {
      stopTimer()
      if (!error) resolve(output)
      // Not as its cause: it holds the command line and what was printed.
      else reject(failure(what, error, limit.signal.aborted))
    })
    // One that waits for somebody to type something ends.
    child.stdin?.end()
  })
}

function failure(
  what: string,
  { code }: { readonly code?: number | string | null | undefined },
  late: boolean,
): SluiceError {
  if (late) {
    return new SluiceError('timeout', `${what} did not end within ${TIME_LIMIT_MS} ms`)
  }
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
    return new SluiceError('protocol', `${what} printed too much`)
  }
  if (typeof code === 'string') {
    return new SluiceError('invalid-options', `${what} cannot be run (${code})`)
  }
  return new SluiceError('permission-denied', `${what} failed with status ${code ?? 'unknown'}`)
}
