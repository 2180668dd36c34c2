import type { ElementType, Field, FieldType, ScalarType, Schema } from '../../contracts/index.ts'
import { SluiceError } from '../errors.ts'
import { isPlainObject } from '../json.ts'
import { INTEGER_RANGES } from '../values/integers.ts'
import { checkSchema } from './check-schema.ts'
import { joinedType } from './joined-type.ts'

/**
 * The columns of the objects that a JSON Schema describes, of draft 2020-12 or draft-07.
 *
 * | JSON Schema | column |
 * |---|---|
 * | `boolean` | `boolean` |
 * | `integer` | by a `format` such as `uint8`; `int32` where its bounds lie within that, else `int64` |
 * | `number` | `double`, with `format: 'float'` `float32` |
 * | `string` | `string`; `enum` of its `enum` or `const`; by `format`: `date-time` is `timestamp`, `date` `date`, `uuid` `uuid`; `byte`, or `contentEncoding: 'base64'`, is `bytes` |
 * | `array` | list of its `items`; a tuple's have one type |
 * | `object` | struct of its `properties`; map of strings where it has none but `additionalProperties` that say of which type |
 * | `anyOf`, `oneOf`, a list of types | the narrowest type that takes all of them, else `json`; structs become one |
 * | `allOf` | the fields of all of its objects |
 * | `$ref` within the document | what is there; in itself, `json` |
 * | anything else | `json` |
 *
 * What may be `null`, is not in `required`, or is not described is nullable. A struct has no place for keys that are not among its
 * `properties`; where `additionalProperties` asks for one, it is `json`. Below 32 levels all is `json`.
 *
 * Days, moments, UUIDs and enums take the texts that JSON has for them. `bytes` are a `Uint8Array`, which `fromCsv({ schema })` makes of
 * text.
 *
 * Errors: `invalid-options` where the document describes no object with properties, or has more than 10,000 parts.
 *
 * @see https://json-schema.org/draft/2020-12/json-schema-validation
 */
export function schemaOfJsonSchema(jsonSchema: unknown): Schema {
  const place = { root: jsonSchema, counted: { parts: 0 }, refs: ['#'], depth: 0, isRoot: true }
  const { type } = partOf(jsonSchema, place)
  if (typeof type !== 'object' || type.kind !== 'struct') {
    throw refused('it describes no object with properties')
  }
  const schema = { fields: type.fields }
  checkSchema(schema)
  return schema
}

/** Bounds what `$ref`s in `$ref`s come to. */
const MAX_PARTS = 10_000
const MAX_DEPTH = 32

type Node = Readonly<Record<string, unknown>>

interface Place {
  readonly root: unknown
  readonly counted: { parts: number }
  /** The references that lead here. */
  readonly refs: readonly string[]
  readonly depth: number
  /** Whether the document itself is described, and not what is in it. */
  readonly isRoot: boolean
}

/** A type that is not there takes nothing but `null`. */
type Part = Partial<Pick<ElementType, 'type'>> & Pick<ElementType, 'nullable'>

const ANYTHING: ElementType = { type: 'json', nullable: true }

function partOf(node: unknown, place: Place): Part {
  place.counted.parts++
  if (place.counted.parts > MAX_PARTS) throw refused(`it has more than ${MAX_PARTS} parts`)
  if (!isPlainObject(node) || place.depth >= MAX_DEPTH) return ANYTHING
  const inner = { ...place, depth: place.depth + 1 }
  const { $ref, allOf, const: only, enum: values = only === undefined ? undefined : [only] } = node
  const choices = node.anyOf ?? node.oneOf
  if (typeof $ref === 'string') return partOfRef($ref, inner)
  if (Array.isArray(allOf)) return partOfAll(node, allOf, inner)
  if (Array.isArray(choices)) return joined(choices.map((choice) => partOf(choice, inner)))
  if (Array.isArray(values)) return joined(values.map((value) => partOfValue(value, node)))
  if (!Array.isArray(node.type)) return partOfType(node, inner)
  return joined(node.type.map((type: unknown) => partOf({ ...node, type }, inner)))
}

function joined(parts: readonly Part[]): Part {
  const types = parts.flatMap(({ type }) => type ?? [])
  const nullable = parts.some((part) => part.nullable)
  return types.length === 0 ? { nullable } : { type: types.reduce(joinedType), nullable }
}

function partOfRef($ref: string, place: Place): Part {
  if (place.refs.includes($ref)) return ANYTHING
  return partOf(targetOf($ref, place.root), { ...place, refs: [...place.refs, $ref] })
}

/** By an RFC 6901 JSON Pointer; other documents are not fetched. */
function targetOf($ref: string, root: unknown): unknown {
  if ($ref === '#') return root
  if (!$ref.startsWith('#/')) return undefined
  let target = root
  for (const step of $ref.slice('#/'.length).split('/')) {
    const key = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof target !== 'object' || target === null || !Object.hasOwn(target, key))
      return undefined
    target = (target as Node)[key]
  }
  return target
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}

function partOfAll(node: Node, allOf: readonly unknown[], place: Place): Part {
  const { allOf: _, ...own } = node
  const parts = allOf.map((each) => partOf(each, place))
  if (own.type !== undefined || own.properties !== undefined) parts.unshift(partOf(own, place))
  const nullable = parts.every((part) => part.nullable)
  if (parts.length === 1 && parts[0]?.type) return { type: parts[0].type, nullable }
  const fields = new Map<string, Field>()
  for (const { type } of parts) {
    if (typeof type !== 'object' || type.kind !== 'struct') return { type: 'json', nullable }
    for (const field of type.fields) {
      const other = fields.get(field.name)
      fields.set(field.name, other ? bothOf(other, field) : field)
    }
  }
  return { type: { kind: 'struct', fields: [...fields.values()] }, nullable }
}

/** What both say takes no less than what each says. */
function bothOf({ name, type, nullable }: Field, other: Field): Field {
  return { name, type: joinedType(type, other.type), nullable: nullable && other.nullable }
}

function partOfValue(value: unknown, node: Node): Part {
  switch (typeof value) {
    case 'string':
      return { type: 'enum', nullable: false }
    case 'boolean':
      return { type: 'boolean', nullable: false }
    case 'number':
      return {
        type: node.type === 'integer' ? integerType(node, value, value) : 'double',
        nullable: false,
      }
    default:
      return value === null ? { nullable: true } : { type: 'json', nullable: false }
  }
}

function partOfType(node: Node, place: Place): Part {
  switch (node.type ?? (isPlainObject(node.properties) ? 'object' : undefined)) {
    case 'null':
      return { nullable: true }
    case 'boolean':
      return { type: 'boolean', nullable: false }
    case 'integer':
      return { type: integerType(node, node.minimum, node.maximum), nullable: false }
    case 'number':
      return { type: node.format === 'float' ? 'float32' : 'double', nullable: false }
    case 'string':
      return { type: stringType(node), nullable: false }
    case 'array':
      return { type: { kind: 'list', element: elementOf(node, place) }, nullable: false }
    case 'object':
      return { type: objectType(node, place), nullable: false }
    default:
      return ANYTHING
  }
}

function integerType({ format }: Node, min: unknown, max: unknown): ScalarType {
  if (typeof format === 'string' && Object.hasOwn(INTEGER_RANGES, format))
    return format as ScalarType
  const [least, greatest] = INTEGER_RANGES.int32
  const isSmall =
    typeof min === 'number' && typeof max === 'number' && min >= least && max <= greatest
  return isSmall ? 'int32' : 'int64'
}

const FORMATS: ReadonlyMap<unknown, ScalarType> = new Map<unknown, ScalarType>([
  ['date-time', 'timestamp'],
  ['date', 'date'],
  ['uuid', 'uuid'],
  ['byte', 'bytes'],
])

function stringType({ format, contentEncoding }: Node): ScalarType {
  return contentEncoding === 'base64' ? 'bytes' : (FORMATS.get(format) ?? 'string')
}

function elementOf({ items, prefixItems, additionalItems }: Node, around: Place): ElementType {
  const place = { ...around, isRoot: false }
  const first = prefixItems ?? (Array.isArray(items) ? items : [])
  const rest = Array.isArray(items) ? additionalItems : items
  const parts = Array.isArray(first) ? first.map((item: unknown) => partOf(item, place)) : []
  // Without a word on the rest there may be anything.
  if (rest !== false) parts.push(partOf(rest, place))
  return full(joined(parts))
}

function objectType(node: Node, place: Place): FieldType {
  const { properties, required, additionalProperties: others } = node
  const members = isPlainObject(properties) ? Object.entries(properties) : []
  const inner = { ...place, isRoot: false }
  if (members.length === 0) {
    if (!isPlainObject(others) || Object.keys(others).length === 0) return 'json'
    return { kind: 'map', key: 'string', value: full(partOf(others, inner)) }
  }
  // What becomes of a record's other keys is the stream's `drift`.
  if (others !== undefined && others !== false && !place.isRoot) return 'json'
  const needed: ReadonlySet<unknown> = new Set(Array.isArray(required) ? required : [])
  const fields = members.map(([name, member]): Field => {
    const { type, nullable } = full(partOf(member, inner))
    return { name, type, nullable: nullable || !needed.has(name) }
  })
  return { kind: 'struct', fields }
}

/** What is only ever `null` can be a column of anything. */
function full({ type = 'json', nullable }: Part): ElementType {
  return { type, nullable }
}

function refused(why: string): SluiceError {
  return new SluiceError('invalid-options', `The JSON Schema has no columns: ${why}`)
}
