/** `sluice/http`: Request in, Response out. */
export type { Access, Authorize, Scope, TokenRule } from './access.ts'
export { tokenAuthorizer } from './access.ts'
export type { IngestApp, IngestOptions, IngestStream } from './ingest-app.ts'
export { ingestApp } from './ingest-app.ts'
export type { Problem } from './problem.ts'
export type { IngestAnswer, IngestRequest, IngestStatus, IngestTarget } from './target.ts'
export { sinkTarget } from './target.ts'
