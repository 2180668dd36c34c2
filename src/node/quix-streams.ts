/**
 * `sluice/node/quix-streams`: `sluice/quix-streams` for Node, Deno and Bun. A destination that is given no credentials finds those of the environment, and a sink
 * that is given no destination writes to the working directory.
 */
import process from 'node:process'
import * as quix from '../compat/quix-streams/index.ts'
import type { Store } from '../contracts/index.ts'
import type { Environment } from '../s3/credentials/index.ts'
import { fsStore } from './fs-store.ts'
import { connectionOf } from './s3-connection.ts'

export * from '../compat/quix-streams/index.ts'

export interface S3DestinationOptions extends quix.S3DestinationOptions {
  /** Default: `process.env`. */
  readonly env?: Environment | undefined
}

/**
 * The destination of `sluice/quix-streams`, which see. What is not given, the server, its region and the credentials, is what `s3FromEnvironment`
 * would find at the time of the call.
 */
export function s3Destination(options: S3DestinationOptions): quix.Destination {
  const { env = process.env, bucket, storage, ...given } = options
  return quix.s3Destination({ ...connectionOf(given, env), bucket, storage })
}

/** Quix Streams' `LocalDestination`: a folder, made by the first file. Default: the working directory, in which `directory` is. */
export function localDestination(root: string | URL = '.'): Store {
  return fsStore(root)
}

export interface FileSinkOptions extends Omit<quix.FileSinkOptions, 'destination'> {
  /** Default: `localDestination()`. */
  readonly destination?: quix.Destination | Store | undefined
}

/** The sink of `sluice/quix-streams`, which see. */
export function fileSink(options: FileSinkOptions = {}): quix.FileSink {
  return quix.fileSink({ ...options, destination: options.destination ?? localDestination() })
}
