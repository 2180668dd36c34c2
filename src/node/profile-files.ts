import { createReadStream } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fromUtf8 } from '../core/bytes.ts'
import { isSluiceError, SluiceError } from '../core/errors.ts'
import { collectBytes } from '../core/streams.ts'
import type { Environment } from '../s3/credentials/environment-credentials.ts'

/** The settings of one profile, by their names in lower case. */
export type Profile = ReadonlyMap<string, string>

export interface Profiles {
  readonly byName: ReadonlyMap<string, Profile>
  /** Which files were looked at, and why they were not read if so. */
  readonly where: string
}

const MAX_FILE_BYTES = 1024 * 1024

/**
 * The profiles of `~/.aws/config` and `~/.aws/credentials`, or of the files that `AWS_CONFIG_FILE` and
 * `AWS_SHARED_CREDENTIALS_FILE` name. Where both have a setting, the second one's counts. A file that cannot be read
 * counts as empty: a container often has a home folder that is none of its user's.
 *
 * Errors: `invalid-options` for a line that makes no sense, by its number, and for a file of more than 1 MiB.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export async function readProfiles(env: Environment): Promise<Profiles> {
  const config = env.AWS_CONFIG_FILE || join(homeOf(env), '.aws', 'config')
  const credentials = env.AWS_SHARED_CREDENTIALS_FILE || join(homeOf(env), '.aws', 'credentials')
  const byName = new Map<string, Map<string, string>>()
  const where: string[] = []
  for (const [path, nameOf] of [
    [config, configProfile],
    [credentials, (name: string) => name],
  ] as const) {
    const text = await readText(path)
    where.push('text' in text ? path : `${path} (${text.reason})`)
    if (!('text' in text)) continue
    for (const [section, settings] of parseSections(text.text, path)) {
      const name = nameOf(section)
      if (name === undefined) continue
      byName.set(name, new Map([...(byName.get(name) ?? []), ...settings]))
    }
  }
  return { byName, where: where.join(' and ') }
}

function homeOf(env: Environment): string {
  return env.HOME || env.USERPROFILE || homedir()
}

/** Other kinds of sections, such as `sso-session`, are not for us. */
function configProfile(section: string): string | undefined {
  if (section === 'default') return section
  const [, name] = /^profile\s+(.+)$/.exec(section) ?? []
  return name?.replace(/^(["'])(.*)\1$/, '$2')
}

/** A whole file that holds a secret. Errors: `invalid-options`, without any of what is in it. */
export async function readSecret(what: string, path: string): Promise<string> {
  const read = await readText(path)
  if ('text' in read) return read.text
  throw new SluiceError('invalid-options', `${what} cannot be read from ${path} (${read.reason})`)
}

async function readText(
  path: string,
): Promise<{ readonly text: string } | { readonly reason: string }> {
  try {
    return { text: fromUtf8(await collectBytes(createReadStream(path), MAX_FILE_BYTES)) }
  } catch (error) {
    if (isSluiceError(error, 'too-large')) {
      throw new SluiceError('invalid-options', `${path} has more than ${MAX_FILE_BYTES} bytes`)
    }
    const { code = 'unreadable' } = error as { readonly code?: string }
    return { reason: code === 'ENOENT' ? 'absent' : code }
  }
}

/**
 * Sections of `name = value`. AWS's format is none that a library for INI files reads right: a line that begins further
 * in than the setting above it continues that one's value, `#` and `;` begin a comment after white space only, and
 * nothing is unquoted.
 */
function* parseSections(
  text: string,
  path: string,
): Generator<readonly [section: string, settings: ReadonlyMap<string, string>], void, undefined> {
  let section: { readonly name: string; readonly settings: Map<string, string> } | undefined
  let setting: { readonly key: string; readonly indent: number } | undefined
  let number = 0
  for (const line of text.replace(/^\ufeff/, '').split(/\r?\n/)) {
    number++
    const content = line.replace(/(^|\s)[#;].*$/, '').trim()
    if (content === '') continue
    const indent = line.length - line.trimStart().length
    const [, name] = /^\[(.*)\]$/.exec(content) ?? []
    const [, key, value] = /^([^=]+)=(.*)$/.exec(content) ?? []
    if (section && setting && indent > setting.indent) {
      section.settings.set(setting.key, `${section.settings.get(setting.key)}\n${content}`)
    } else if (name !== undefined) {
      if (section) yield [section.name, section.settings]
      section = { name: name.trim(), settings: new Map() }
      setting = undefined
    } else if (section && key !== undefined && value !== undefined) {
      setting = { key: key.trim().toLowerCase(), indent }
      section.settings.set(setting.key, value.trim())
    } else {
      throw new SluiceError(
        'invalid-options',
        `${path}: line ${number} is no section, no setting of one and no comment`,
      )
    }
  }
  if (section) yield [section.name, section.settings]
}
