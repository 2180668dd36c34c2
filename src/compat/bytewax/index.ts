/** `sluice/bytewax`: Bytewax's outputs, its file sinks, and one for object stores; see docs/coming-from/bytewax.md. */
export { adler32 } from './adler32.ts'
export { DirSink, type DirSinkOptions } from './files/dir-sink.ts'
export { FileSink } from './files/file-sink.ts'
export type { FileLike, FilesLike } from './files/files-like.ts'
export type { LineFileOptions } from './files/line-file.ts'
export type {
  DynamicSink,
  FixedPartitionedSink,
  StatefulSinkPartition,
  StatelessSinkPartition,
} from './outputs.ts'
export { logRecovery } from './recovery/log-recovery.ts'
export type { Recovery, RecoveryOptions, RecoverySession, Snapshot } from './recovery/recovery.ts'
export {
  initRecovery,
  type StoreRecoveryOptions,
  storeRecovery,
} from './recovery/store-recovery.ts'
export { type RunSinkOptions, runSink, type SinkRun } from './run-sink.ts'
export type { SinkSource, StatefulSourcePartition } from './sources.ts'
export type { PreparedFile } from './store-sink/prepared-file.ts'
export type { StoreSinkState } from './store-sink/store-partition.ts'
export { StoreSink, type StoreSinkOptions } from './store-sink/store-sink.ts'
