import { SluiceError } from '../../core/errors.ts'
import type { TocNode } from '../../formats/msglc/toc.ts'
import type { Located } from './file-reader.ts'
import { type PathStep, stepText } from './path.ts'

/** A place of the table of contents, or a value that was read on the way to it. */
export type Place = Located | { readonly value: unknown; readonly path: string }

export type BlocksNode = Extract<TocNode, { kind: 'blocks' }>
export type BlocksPlace = Located & { readonly node: BlocksNode }

export function nowhere({ path }: Place, step: PathStep): SluiceError {
  return new SluiceError('not-found', `${path || 'The value'} has no ${stepText(step)}`)
}

export function refuse({ path }: Place, why: string): never {
  throw new SluiceError('invalid-options', `${path || 'The value'} ${why}`)
}
