import type { LaneRange } from '../../contracts/index.ts'
import { isDeadLetter } from '../dead-letters/lane.ts'
import { positionOf } from '../file-metadata.ts'
import { COMPACTED_NAME, DEFAULT_NAME, nameTemplate } from '../policy/name.ts'

/** What stands for each placeholder that is no number. */
const PATTERNS: Readonly<Record<string, string>> = {
  shard: '[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*',
  schema: '[a-z0-9]+',
  partition: '.*',
  uuid: '[A-Za-z0-9_-]+',
  date: '\\d{4}-\\d\\d-\\d\\d',
  hour: '\\d\\d',
  ext: '[^/]+',
}

/** They say which records a file holds. */
const NEEDED = ['partition', 'shard', 'schema', 'begin', 'end'] as const

/** The records that a name says its file holds, `undefined` for one that says nothing. */
export type NameParser = (key: string) => LaneRange | undefined

/**
 * Reads the names that a template makes. `undefined` for a template that does not say which records its files hold; throws
 * `invalid-options` for one that a sink would not take either.
 */
export function nameParser(stream: string, template: string): NameParser | undefined {
  nameTemplate(template)
  const groups = new Set<string>()
  const pattern = template.replaceAll(
    /\{partition\}\/|\{([a-z]+)(?::(\d{1,2}))?\}|[^{]+/g,
    (text: string, word: string | undefined, width: string | undefined) => {
      if (text === '{partition}/') return `(?:${group('partition', '.+')}/)?`
      if (word === undefined) return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
      if (word === 'stream') return stream.replaceAll('.', '\\.')
      return group(word, PATTERNS[word] ?? `\\d{${width ?? 1},}`)
    },
  )
  function group(word: string, what: string): string {
    if (groups.has(word)) return `\\k<${word}>`
    groups.add(word)
    return `(?<${word}>${what})`
  }
  const needs = NEEDED.filter((word) => !groups.has(word))
  if (needs.length > 0) return undefined
  const expression = new RegExp(`^${pattern}$`, 'u')
  return (key) => {
    const found = expression.exec(key)?.groups
    if (!found) return undefined
    const { partition = '', shard = '', schema = '' } = found
    const [begin, end] = [positionOf(found.begin), positionOf(found.end)]
    if (begin === undefined || end === undefined || begin >= end) return undefined
    return { lane: { stream, partition, shard, schema }, begin, end }
  }
}

/**
 * Reads the names of a stream's files: those of its template, and the two that no template changes, of dead letters and of compacted
 * files. A template's own come before the latter, since one may have the form of the other and mean something else; where it does not say
 * which records its files hold, what looks like a name that does is none.
 */
export function streamParser(stream: string, template: string): NameParser {
  const [byDefault, compacted] = [DEFAULT_NAME, COMPACTED_NAME].map(
    (name) => nameParser(stream, name) as NameParser,
  ) as [NameParser, NameParser]
  const own = nameParser(stream, template)
  return (key) => {
    const letters = byDefault(key)
    if (letters && isDeadLetter(letters.lane)) return letters
    return own && (own(key) ?? compacted(key))
  }
}

/** How every name of the template begins. */
export function namePrefix(stream: string, template: string): string {
  const [, beginning = ''] = /^([^{]*)/.exec(template.replaceAll('{stream}', stream)) ?? []
  return beginning
}
