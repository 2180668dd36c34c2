import { ingestWorker } from 'sluice/workers'

/** The Durable Object that wrangler.toml binds as SHARD: one for each stream. */
export { Shard } from 'sluice/workers'

export default ingestWorker()
