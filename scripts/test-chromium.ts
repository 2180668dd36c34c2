import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']

/** The browser for test/browser/: `SLUICE_CHROMIUM`, or the first Chromium on the PATH. Playwright's own download is not needed. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = environment.SLUICE_CHROMIUM
  if (named !== undefined && named !== '') return named
  for (const folder of (environment.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const file = join(folder, name)
      if (isExecutable(file)) return file
    }
  }
  return undefined
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export const NO_CHROMIUM =
  'no Chromium on the PATH (Debian: apt-get install chromium; or set SLUICE_CHROMIUM)'

/** A quiet browser: it asks nobody for updates, and draws without a graphics card. */
export function chromiumFlags(): string[] {
  const flags = [
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-quic',
    '--no-first-run',
  ]
  // Chromium's sandbox does not work for root, which is what containers run as.
  return process.getuid?.() === 0 ? [...flags, '--no-sandbox'] : flags
}
