import type { Clock, CommittedFile, Store } from '../../../src/contracts/index.ts'
import { type ManifestWriter, openManifest } from '../../../src/sinks/manifest/open-manifest.ts'

/** A clock whose waits are over at once: what is tested here is what happens after them. */
export const impatientClock: Clock = {
  now: () => 0,
  sleep: async () => {},
  schedule: () => () => {},
}

export function file(
  shard: string,
  begin: number,
  end: number,
  more: Partial<CommittedFile> = {},
): CommittedFile {
  const key = `s/${shard}-auto-${begin}-${end}.jsonl`
  return {
    id: `${shard}:${begin}-${end}`,
    key,
    etag: 'e',
    bytes: 10 * (end - begin),
    lane: { stream: 's', partition: '', shard, schema: 'auto' },
    begin,
    end,
    reason: 'flush',
    openedAtMs: 0,
    sealedAtMs: 1,
    ...more,
  }
}

export function open(store: Store, writer = 'a'): Promise<ManifestWriter> {
  return openManifest({ store, stream: 's', writer, clock: impatientClock })
}

export async function keysOf(store: Store, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const found of store.list({ prefix }))
    if (found.kind === 'object') keys.push(found.key)
  return keys
}
