/** `sluice/files`: a small file system seen over any store. */
export { copy } from './copy.ts'
export { exists } from './exists.ts'
export { type ListFilesOptions, list, listAll } from './list.ts'
export { move } from './move.ts'
export { type LineReader, type OpenLinesOptions, openLines } from './open-lines.ts'
export { openWriter } from './open-writer.ts'
export { type RemoveOptions, remove } from './remove.ts'
