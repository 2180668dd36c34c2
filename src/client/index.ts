/** `sluice/client`: a sink that posts to a Sluice server. */
export type { HttpSink, HttpSinkOptions, HttpSinkResult } from './http-sink.ts'
export { httpSink } from './http-sink.ts'
export type { HttpFile } from './remote-receipts.ts'
