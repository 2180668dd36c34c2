import type { ElementType, Field, FieldType, MapType, Schema } from '../../../contracts/index.ts'
import { isPlainObject } from '../../../core/json.ts'
import { keyText, mapEntries } from '../../../core/schemas/map-entries.ts'
import type { Leaf } from '../chunk/leaf.ts'
import type { LeafFieldType } from '../schema/physical.ts'
import { ByteValues } from './byte-values.ts'
import { type LeafColumn, leafColumn } from './leaf-column.ts'
import { leafValues } from './leaf-values.ts'
import { RowSlice } from './row-slice.ts'
import type { Shred } from './shred.ts'
import { shredMembers } from './shred-members.ts'
import type { Tally } from './tally.ts'
import type { Values } from './values.ts'
import { variantOf } from './variant.ts'

export interface ShreddedField {
  /** Takes the values of rows, one behind the other. Returns where it stopped: at one that does not fit, or at the tally's limit. */
  readonly addAll: (values: ArrayLike<unknown>, from: number, to: number) => number
  /** The first of its leaves. */
  readonly column: LeafColumn
}

export interface Shredder {
  /** In the order of the leaves. */
  readonly columns: readonly LeafColumn[]
  /** One for each field of the schema. */
  readonly parts: readonly ShreddedField[]
  /** Takes a row, and keeps nothing of it but copies. */
  readonly add: (row: object) => boolean
  /** The same of rows, column by column. `false` when one does not fit, or the tally's limit is reached; the leaves are of no use then. */
  readonly addAll: (rows: readonly object[], from: number, to: number) => boolean
  /** Lets go of the rows that it has taken. */
  readonly release: () => void
}

/** `leaves` are those of the schema. */
export function shredder(schema: Schema, leaves: readonly Leaf[], tally: Tally): Shredder {
  const columns: LeafColumn[] = []
  const context = { leaves, columns, tally, lists: 0 }
  const names = namesOf(schema.fields)
  const shreds: Shred[] = []
  const parts = schema.fields.map((field): ShreddedField => {
    const first = columns.length
    const shred = shredPart(field, context)
    shreds.push(shred)
    const column = columns[first] as LeafColumn
    const addAll = isLeaf(field.type) ? addLeaf(column, field.nullable) : addEach(shred, tally)
    return { addAll, column }
  })
  const members = shredMembers(names, shreds)
  const slice = new RowSlice(names)
  return {
    columns,
    parts,
    add: (row) => members(row, 0, 0),
    addAll(rows, from, to) {
      const count = to - from
      return (
        slice.gather(rows, from, to) &&
        parts.every(({ addAll }, i) => addAll(slice.column(i), 0, count) === count)
      )
    },
    release: () => slice.release(),
  }
}

/** Runs of values without a null at once. */
function addLeaf({ levels, values }: LeafColumn, nullable: boolean): ShreddedField['addAll'] {
  return (array, from, to) => {
    for (let at = from; ; at++) {
      const end = values.addAll(array, at, to)
      levels.allPresent(end - at)
      at = end
      if (at === to || !nullable) return at
      const value = array[at]
      if (value !== null && value !== undefined) return at
      levels.absent(0, 0)
    }
  }
}

function addEach(shred: Shred, tally: Tally): ShreddedField['addAll'] {
  return (array, from, to) => {
    const { limit = Number.POSITIVE_INFINITY } = tally
    for (let i = from; i < to; i++) {
      if (tally.bytes >= limit || !shred(array[i], 0, 0)) return i
    }
    return to
  }
}

interface Context {
  readonly leaves: readonly Leaf[]
  /** Those that have been made, of the first leaves. */
  readonly columns: LeafColumn[]
  readonly tally: Tally
  /** How many lists and maps lie around. */
  readonly lists: number
}

/** A value that may be null. */
function shredPart({ type, nullable }: ElementType, context: Context): Shred {
  if (isLeaf(type)) return shredLeaf(type, nullable, context)
  const first = context.columns.length
  const shred = shredGroup(type, context)
  const below = context.columns.slice(first)
  return (value, repetition, definition) => {
    if (value !== null && value !== undefined) {
      return shred(value, repetition, nullable ? definition + 1 : definition)
    }
    if (nullable) allAbsent(below, definition, repetition)
    return nullable
  }
}

type GroupType = Exclude<FieldType, LeafFieldType>

function isLeaf(type: FieldType): type is LeafFieldType {
  if (typeof type === 'string') return type !== 'variant'
  return type.kind !== 'list' && type.kind !== 'map' && type.kind !== 'struct'
}

function shredGroup(type: GroupType, context: Context): Shred {
  if (type === 'variant') return shredVariant(context)
  switch (type.kind) {
    case 'struct': {
      const members = shredFields(type.fields, context)
      return (value, repetition, definition) =>
        isPlainObject(value) && members(value, repetition, definition)
    }
    case 'list':
      return shredList(type.element, context)
    case 'map':
      return shredMap(type, context)
  }
}

/** The place of the next leaf. */
function newColumn(context: Context, valuesOf: (tally: Tally) => Values): LeafColumn {
  const { leaves, columns, tally } = context
  const column = leafColumn(leaves[columns.length] as Leaf, valuesOf(tally), tally)
  columns.push(column)
  return column
}

function shredLeaf(type: LeafFieldType, nullable: boolean, context: Context): Shred {
  const { levels, values } = newColumn(context, (tally) => leafValues(type, tally))
  return (value, repetition, definition) => {
    if (value === null || value === undefined) {
      if (nullable) levels.absent(definition, repetition)
      return nullable
    }
    levels.present(repetition)
    return values.add(value)
  }
}

function shredVariant(context: Context): Shred {
  const bytesOf = (tally: Tally): Values => new ByteValues(tally)
  const metadata = newColumn(context, bytesOf)
  const encoded = newColumn(context, bytesOf)
  return (value, repetition) => {
    const variant = variantOf(value)
    if (!variant) return false
    metadata.levels.present(repetition)
    metadata.values.add(variant.metadata)
    encoded.levels.present(repetition)
    encoded.values.add(variant.value)
    return true
  }
}

function shredList(element: ElementType, context: Context): Shred {
  const first = context.columns.length
  const inner = { ...context, lists: context.lists + 1 }
  const shred = shredPart(element, inner)
  const below = context.columns.slice(first)
  return (value, repetition, definition) => {
    if (!Array.isArray(value)) return false
    // Asked once: were it another one later, the columns would hold rows of unequal number.
    const { length } = value
    if (length === 0) allAbsent(below, definition, repetition)
    // By index, so that a hole is seen as the `undefined` that it reads as.
    for (let i = 0; i < length; i++) {
      if (!shred(value[i], i === 0 ? repetition : inner.lists, definition + 1)) return false
    }
    return true
  }
}

function shredMap({ key, value: member }: MapType, context: Context): Shred {
  const first = context.columns.length
  const inner = { ...context, lists: context.lists + 1 }
  const shredKey = shredPart({ type: key, nullable: false }, inner)
  const shredMember = shredPart(member, inner)
  const below = context.columns.slice(first)
  return (value, repetition, definition) => {
    const entries = mapEntries(value, key)
    if (!entries) return false
    if (entries.length === 0) allAbsent(below, definition, repetition)
    const keys = new Set<string>()
    for (const [i, [name, item]] of entries.entries()) {
      const at = i === 0 ? repetition : inner.lists
      if (!shredKey(name, at, definition + 1) || !shredMember(item, at, definition + 1)) {
        return false
      }
      // Only now: the key fits its type.
      keys.add(keyText(key, name))
    }
    return keys.size === entries.length
  }
}

function allAbsent(columns: readonly LeafColumn[], definition: number, repetition: number): void {
  for (const { levels } of columns) levels.absent(definition, repetition)
}

function shredFields(fields: readonly Field[], context: Context): Shred {
  return shredMembers(
    namesOf(fields),
    fields.map((field) => shredPart(field, context)),
  )
}

function namesOf(fields: readonly Field[]): readonly string[] {
  return fields.map(({ name }) => name)
}
