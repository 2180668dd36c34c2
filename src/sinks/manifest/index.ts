/** Many files that become visible at once, for readers that take the list of files from the manifest. */
export type { CommitOptions } from './change.ts'
export {
  type DeletedFiles,
  type DeleteRemovedOptions,
  deleteRemoved,
} from './delete-removed.ts'
export type { Interval, Intervals } from './intervals.ts'
export type { Manifest, ManifestFile, ManifestLane, RemovedFile } from './manifest.ts'
export { type ManifestWriter, type OpenManifestOptions, openManifest } from './open-manifest.ts'
export { type ReadManifestOptions, readManifest } from './read-manifest.ts'
