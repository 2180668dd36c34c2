import type { Lane } from '../../contracts/index.ts'
import { SluiceError } from '../../core/errors.ts'
import { checkKey } from '../../core/keys.ts'

/** A listing of these names alone shows each lane's gaps and overlaps. */
export const DEFAULT_NAME = '{stream}/{partition}/{shard}-{schema}-{begin:19}-{end:19}.{ext}'

/** The same with an id: the range of a file that stands for smaller ones may be that of another attempt to make it. */
export const COMPACTED_NAME =
  '{stream}/{partition}/{shard}-{schema}-{begin:19}-{end:19}-{uuid}.{ext}'

export interface NameValues {
  readonly lane: Lane
  readonly begin: number
  readonly end: number
  readonly extension: string
  /** The file's random id. */
  readonly id: string
  /** When the file's first record came. */
  readonly openedAtMs: number
}

const PLACEHOLDER = /\{([a-z]+)(?::(\d{1,2}))?\}/g

const VALUES: Readonly<Record<string, (values: NameValues, width: number) => string>> = {
  stream: ({ lane }) => lane.stream,
  partition: ({ lane }) => lane.partition,
  shard: ({ lane }) => lane.shard,
  schema: ({ lane }) => lane.schema,
  begin: ({ begin }, width) => String(begin).padStart(width, '0'),
  end: ({ end }, width) => String(end).padStart(width, '0'),
  offset: ({ begin }, width) => String(begin).padStart(width, '0'),
  ext: ({ extension }) => extension,
  uuid: ({ id }) => id,
  date: ({ openedAtMs }) => new Date(openedAtMs).toISOString().slice(0, 10),
  hour: ({ openedAtMs }) => new Date(openedAtMs).toISOString().slice(11, 13),
}

/**
 * The key of a file from a template of `{stream} {partition} {shard} {schema} {begin:19} {end:19} {offset:19} {ext} {uuid}
 * {date} {hour}`; the number is the width that digits are padded to. An empty `{partition}` takes its slash with it.
 * `{date}` and `{hour}` are the arrival of the file's first record, UTC.
 *
 * Throws `invalid-options` when the template has an unknown placeholder, or could give two files one name: it needs
 * `{uuid}`, or `{begin}` (or `{offset}`) with `{partition}`, `{shard}` and `{schema}`.
 */
export function nameTemplate(template: string): (values: NameValues) => string {
  const used = new Set<string>()
  for (const [, word] of template.matchAll(PLACEHOLDER)) used.add(word as string)
  const unknown = [...used].filter((word) => !Object.hasOwn(VALUES, word))
  const rest = template.replace(PLACEHOLDER, '')
  if (unknown.length > 0 || /[{}]/.test(rest)) {
    throw new SluiceError(
      'invalid-options',
      `The name "${template}" has ${unknown.length > 0 ? `the unknown placeholder {${unknown[0]}}` : 'an unmatched brace'}; known are ${Object.keys(VALUES).join(', ')}`,
    )
  }
  const byPosition =
    (used.has('begin') || used.has('offset')) &&
    ['partition', 'shard', 'schema'].every((word) => used.has(word))
  if (!used.has('uuid') && !byPosition) {
    throw new SluiceError(
      'invalid-options',
      `The name "${template}" could give two files one key; add {uuid}, or all of {partition}, {shard}, {schema} and {begin:19}`,
    )
  }
  return (values) => {
    const filled = values.lane.partition === '' ? template.replaceAll('{partition}/', '') : template
    const key = filled.replace(PLACEHOLDER, (_, word: string, width: string | undefined) =>
      (VALUES[word] as (values: NameValues, width: number) => string)(values, Number(width ?? 0)),
    )
    checkKey(key)
    return key
  }
}
