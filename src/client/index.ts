/** `sluice/client`: a sink that posts to a Sluice server. */
export type { HttpFile, HttpSink, HttpSinkOptions, HttpSinkResult } from './http-sink.ts'
export { httpSink } from './http-sink.ts'
