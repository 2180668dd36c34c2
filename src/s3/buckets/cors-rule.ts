import { SluiceError } from '../../core/errors.ts'
import { checkOptionNames, type OptionNames } from '../../core/option-names.ts'

/** Which pages may ask, what, and what they may see of the answer. */
export interface BucketCorsRule {
  readonly id?: string | undefined
  /** Such as `https://app.example`; one `*` in each stands for anything. */
  readonly allowedOrigins: readonly string[]
  readonly allowedMethods: readonly ('GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE')[]
  /** Headers that a page may send; one `*` in each stands for anything. Default: those that need no permission. */
  readonly allowedHeaders?: readonly string[] | undefined
  /** Headers that a page may see. Uploads in parts need `ETag`. Default: those that need no permission. */
  readonly exposeHeaders?: readonly string[] | undefined
  /** How long a browser may remember the permission, in whole seconds. Default: as the browser likes. */
  readonly maxAgeMs?: number | undefined
}

const NAMES: OptionNames<BucketCorsRule> = {
  id: true,
  allowedOrigins: true,
  allowedMethods: true,
  allowedHeaders: true,
  exposeHeaders: true,
  maxAgeMs: true,
}
const METHODS: readonly unknown[] = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']
const MAX_RULES = 100

/** Throws `invalid-options` for what are no rules, also from code without types. `what` takes them as `name`. */
export function checkCorsRules(what: string, name: string, rules: unknown): void {
  const refused = (why: string): SluiceError =>
    new SluiceError('invalid-options', `${what}: ${name}${why}`)
  if (!Array.isArray(rules) || rules.length > MAX_RULES) {
    throw refused(` is a list of up to ${MAX_RULES} CORS rules`)
  }
  for (const [index, rule] of rules.entries()) {
    checkOptionNames(what, rule, NAMES, `${name}[${index}].`)
    const { id = '', allowedOrigins, allowedMethods, allowedHeaders, exposeHeaders } = rule
    const { maxAgeMs = 0 } = rule
    const lists = { allowedOrigins, allowedMethods, allowedHeaders, exposeHeaders }
    for (const [list, texts] of Object.entries(lists)) {
      const isNeeded = list === 'allowedOrigins' || list === 'allowedMethods'
      if (!isNeeded && texts === undefined) continue
      const least = isNeeded ? ', and not empty' : ''
      if (isTexts(texts) && (texts.length > 0 || !isNeeded)) continue
      throw refused(`[${index}].${list} must be a list of texts${least}`)
    }
    if (!allowedMethods.every((method: unknown) => METHODS.includes(method))) {
      throw refused(`[${index}].allowedMethods are some of ${METHODS.join(', ')}`)
    }
    if (typeof id !== 'string') throw refused(`[${index}].id must be a text`)
    const isAge = typeof maxAgeMs === 'number' && maxAgeMs >= 0
    if (!isAge || !Number.isSafeInteger(maxAgeMs / 1000)) {
      throw refused(`[${index}].maxAgeMs must be a whole number of seconds`)
    }
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}
