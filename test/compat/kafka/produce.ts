import { Producer } from '@platformatic/kafka'

/** Fills a topic with `{ n }` for each n of `[from, to)`, evenly over its partitions by its keys. */
export async function produce(
  address: string,
  topic: string,
  from: number,
  to: number,
): Promise<void> {
  // A topic that was just made may refuse some partitions: sent again, the others must not come twice.
  const idempotent = { idempotent: true, maxInflights: 1 }
  const producer = new Producer({ clientId: 'test', bootstrapBrokers: [address], ...idempotent })
  const size = 10_000
  try {
    for (let n = from; n < to; n += size) {
      const messages = Array.from({ length: Math.min(size, to - n) }, (_, i) => ({
        topic,
        key: Buffer.from(`key ${(n + i) % 997}`),
        value: Buffer.from(JSON.stringify({ n: n + i })),
      }))
      await producer.send({ messages, acks: -1 })
    }
  } finally {
    await producer.close()
  }
}
