import { SluiceError } from '../../core/errors.ts'
import { checkPrefix } from '../../core/keys.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'
import { contentOf, parseXml, writeContent, type XmlElement, type XmlPart } from '../xml.ts'

/** What becomes of objects and uploads whose key begins with `prefix`. It needs one of the two actions. */
export interface PlainLifecycleRule {
  /** Its name, unique in the bucket, of 255 characters at most. Default: the server's choice. */
  readonly id?: string | undefined
  /** `''` for all. */
  readonly prefix: string
  /** Default `true`. */
  readonly enabled?: boolean | undefined
  /** Uploads that are open for so many days are aborted. */
  readonly abortUploadsAfterDays?: number | undefined
  /** Objects are deleted so many days after they were written; in a bucket with versions they get a delete marker. */
  readonly expireAfterDays?: number | undefined
}

/** A rule that says more than a `PlainLifecycleRule` can, as the server wrote it: give it back as it is, or edited. */
export interface OtherLifecycleRule {
  readonly id?: string | undefined
  /** `<Rule>…</Rule>` */
  readonly xml: string
}

export type BucketLifecycleRule = PlainLifecycleRule | OtherLifecycleRule

const PLAIN_NAMES: OptionNames<PlainLifecycleRule> = {
  id: true,
  prefix: true,
  enabled: true,
  abortUploadsAfterDays: true,
  expireAfterDays: true,
}
const OTHER_NAMES: OptionNames<OtherLifecycleRule> = { id: true, xml: true }

const MAX_ID_CHARACTERS = 255

/** All that a plain rule says, as paths to its texts. The prefix stood in the rule itself before there were filters. */
const PLAIN: ReadonlySet<string> = new Set([
  ...['ID', 'Status', 'Prefix', 'Filter', 'Filter/Prefix'],
  ...['Expiration/Days', 'AbortIncompleteMultipartUpload/DaysAfterInitiation'],
])

export function readRule(rule: XmlElement): BucketLifecycleRule {
  const id = rule.text('ID')
  const paths = pathsOf(contentOf(rule))
  const days = (action: string, name: string): number | undefined => {
    const text = rule.child(action)?.text(name)
    return text === undefined ? undefined : Number(text)
  }
  const plain: PlainLifecycleRule = {
    id,
    prefix: rule.child('Filter')?.text('Prefix') ?? rule.text('Prefix') ?? '',
    enabled: rule.text('Status') === 'Enabled',
    abortUploadsAfterDays: days('AbortIncompleteMultipartUpload', 'DaysAfterInitiation'),
    expireAfterDays: days('Expiration', 'Days'),
  }
  const known = paths.every((path) => PLAIN.has(path)) && new Set(paths).size === paths.length
  const prefixes = paths.filter((path) => path === 'Prefix' || path.startsWith('Filter'))
  const status = ['Enabled', 'Disabled'].includes(rule.text('Status') ?? '')
  if (known && status && prefixes.length <= 1 && !faultOf(plain)) return plain
  return { id, xml: writeContent([['Rule', contentOf(rule)]]) }
}

/** Errors: `invalid-options`, `invalid-key`. */
export function partOfRule(rule: BucketLifecycleRule, index: number): XmlPart {
  const isOther = Object.hasOwn(rule ?? {}, 'xml')
  const names = isOther ? OTHER_NAMES : PLAIN_NAMES
  checkOptionNames('putBucketLifecycle', rule, names, `rules[${index}].`)
  if ('xml' in rule) {
    const parsed = parseXml(String(rule.xml))
    if (parsed?.name === 'Rule') return ['Rule', contentOf(parsed)]
    throw new SluiceError('invalid-options', `${nameOf(rule)} is no <Rule> document`)
  }
  const fault = faultOf(rule)
  if (fault) throw new SluiceError('invalid-options', `${nameOf(rule)} ${fault}`)
  checkPrefix(rule.prefix)
  const { id, prefix, enabled = true, abortUploadsAfterDays, expireAfterDays } = rule
  return [
    'Rule',
    [
      ['ID', id],
      ['Filter', [['Prefix', prefix]]],
      ['Status', enabled ? 'Enabled' : 'Disabled'],
      ['Expiration', expireAfterDays && [['Days', expireAfterDays]]],
      [
        'AbortIncompleteMultipartUpload',
        abortUploadsAfterDays && [['DaysAfterInitiation', abortUploadsAfterDays]],
      ],
    ],
  ]
}

function faultOf(rule: PlainLifecycleRule): string | undefined {
  const { id = '', prefix, enabled = true, abortUploadsAfterDays, expireAfterDays } = rule
  if (typeof id !== 'string') return 'must have a text as id'
  if (typeof prefix !== 'string') return "must have a prefix: '' is all objects"
  if (typeof enabled !== 'boolean') return 'is enabled: true or false'
  if (id.length > MAX_ID_CHARACTERS) return `has an id of more than ${MAX_ID_CHARACTERS} characters`
  const days = [abortUploadsAfterDays, expireAfterDays].filter((each) => each !== undefined)
  if (days.length === 0) return 'needs abortUploadsAfterDays or expireAfterDays'
  if (days.every((each) => Number.isSafeInteger(each) && each > 0)) return undefined
  return 'must count days as a whole number above 0'
}

export function nameOf({ id }: BucketLifecycleRule): string {
  return id === undefined ? 'A lifecycle rule without an id' : `The lifecycle rule "${id}"`
}

/** Whether the server keeps a plain rule as it was given, under whatever id if it was given none. */
export function isKept(given: PlainLifecycleRule, kept: BucketLifecycleRule): boolean {
  return (
    !('xml' in kept) &&
    (given.id === undefined || given.id === kept.id) &&
    given.prefix === kept.prefix &&
    (given.enabled ?? true) === kept.enabled &&
    given.abortUploadsAfterDays === kept.abortUploadsAfterDays &&
    given.expireAfterDays === kept.expireAfterDays
  )
}

function pathsOf(content: string | readonly XmlPart[]): string[] {
  if (typeof content === 'string') return ['']
  return content.flatMap(([name, inner]) =>
    pathsOf(inner as string | readonly XmlPart[]).map((path) => (path ? `${name}/${path}` : name)),
  )
}
