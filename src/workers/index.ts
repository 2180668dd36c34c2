/** `sluice/workers`: the composition root for Cloudflare Workers. */
export { type DurableObjectLog, durableObjectLog } from '../logs/durable-object.ts'
export { r2Store } from '../stores/r2.ts'
export { type AlarmClock, alarmClock } from './alarm-clock.ts'
export type { StreamConfig } from './environment.ts'
export { type IngestEnvironment, type IngestWorker, ingestWorker } from './ingest-worker.ts'
export { Shard, type ShardEnvironment } from './shard.ts'
