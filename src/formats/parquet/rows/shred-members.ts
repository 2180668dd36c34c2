import { inheritsNothing, isData } from '../../../core/json.ts'
import type { Shred } from './shred.ts'

/**
 * Shreds the members of an object, each by its own. Objects whose keys come in the order of the fields are gone through by `for … in`, and
 * others are asked for each field.
 */
export function shredMembers(names: readonly string[], shreds: readonly Shred[]): Shred {
  return (value, repetition, definition) => {
    const object = value as Members
    let at = 0
    let inOrder = inheritsNothing(object)
    if (inOrder) {
      for (const key in object) {
        if (key !== names[at]) {
          inOrder = false
          break
        }
        if (!(shreds[at] as Shred)(object[key], repetition, definition)) return false
        at++
      }
    }
    if (inOrder && at === names.length) return true
    if (!isData(object)) return false
    let present = at
    for (; at < names.length; at++) {
      const name = names[at] as string
      // Not `object[name]` alone: every object inherits a `constructor`.
      const has = Object.hasOwn(object, name)
      if (has) present++
      const member = has ? object[name] : undefined
      if (!(shreds[at] as Shred)(member, repetition, definition)) return false
    }
    return Object.keys(object).length === present
  }
}

type Members = Readonly<Record<string, unknown>>
