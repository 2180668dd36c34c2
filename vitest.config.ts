import { availableParallelism } from 'node:os'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

/**
 * What vitest runs, in three projects:
 *
 * - `node`: every test/**\/*.test.ts but those below;
 * - `workerd`: *.workerd.test.ts, inside Cloudflare's runtime with the bindings of wrangler.toml;
 * - `browser`: test/browser/, which drives the Chromium found on this machine from Node.
 *
 * The suites of test/conformance/ run in each runtime against each server: scripts/conformance.ts starts those.
 *
 * A test that imports `sluice/…` by name sees dist/, so build first (`npm run build`); `npm test` does.
 */
// What hangs is ended; nothing is measured by this. A machine that does other work beside must not make a sound test fail.
const limits = { testTimeout: 60_000, hookTimeout: 60_000 }

export default defineConfig({
  test: {
    // Vitest's own choice leaves one core free, and many tests only wait for a process that they have started.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.workerd.test.ts', 'test/browser/**'],
          setupFiles: ['test/seed.ts'],
          ...limits,
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.toml' } })],
        test: { name: 'workerd', include: ['test/**/*.workerd.test.ts'], ...limits },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
