/** Waits for all of them, then throws what failed first in their order: after a failure nothing is still under way. */
export async function all<T>(work: Iterable<Promise<T>>): Promise<T[]> {
  const values: T[] = []
  let failure: { readonly reason: unknown } | undefined
  for (const outcome of await Promise.allSettled(work)) {
    if (outcome.status === 'fulfilled') values.push(outcome.value)
    else failure ??= outcome
  }
  if (failure) throw failure.reason
  return values
}
