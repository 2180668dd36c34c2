import { iterate } from '../../core/reading.ts'

/**
 * Does it with each item, so many at once, and takes no item before its turn. After a failure nothing new is begun; it rejects with the first one
 * when what runs has ended.
 */
export async function atOnce<T>(
  count: number,
  items: AsyncIterable<T>,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const reading = iterate(items)
  const failures: unknown[] = []
  async function work(): Promise<void> {
    for (;;) {
      const { done, value } = await reading.next()
      if (done || failures.length > 0) return
      await run(value)
    }
  }
  await Promise.all(
    Array.from({ length: count }, () => work().catch((error: unknown) => failures.push(error))),
  )
  if (failures.length === 0) return
  await reading.cancel()
  throw failures[0]
}
