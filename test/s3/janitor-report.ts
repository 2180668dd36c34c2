import type { JanitorReport } from '../../src/s3/janitor.ts'

/** Keys by what became of them, a kept one with its reason. */
export function told({ aborted, kept, failed }: JanitorReport): Record<string, string[]> {
  return {
    aborted: aborted.map(({ key }) => key),
    kept: kept.map(({ key, reason }) => `${key} ${reason}`),
    failed: failed.map(({ key, error }) => `${key} ${error.code}`),
  }
}
