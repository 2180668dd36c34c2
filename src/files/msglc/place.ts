import { SluiceError } from '../../core/errors.ts'
import type { TocNode } from '../../formats/msglc/toc.ts'
import type { Located } from './file-reader.ts'
import { type PathStep, stepText } from './path.ts'

/** A place of the table of contents, or a value that was read on the way to it. */
export type Place = Located | { readonly value: unknown; readonly path: string }

export type BlocksNode = Extract<TocNode, { kind: 'blocks' }>
export type BlocksPlace = Located & { readonly node: BlocksNode }

/** A step that leads nowhere: what is not there, or what a list cannot have. */
export class Nowhere extends SluiceError {}

export function nowhere({ path }: Place, step: PathStep): Nowhere {
  return new Nowhere('not-found', `${path || 'The value'} has no ${stepText(step)}`)
}

/** The same of a step that no list can have. */
export function noPlace({ path }: Place, why: string): Nowhere {
  return new Nowhere('invalid-options', `${path || 'The value'} ${why}`)
}

export function refuse({ path }: Place, why: string): never {
  throw new SluiceError('invalid-options', `${path || 'The value'} ${why}`)
}
