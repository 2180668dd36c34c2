import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { onTestFinished } from 'vitest'

/** A home folder with these files, for the time of one test. */
export async function homeWith(files: Readonly<Record<string, string>>): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'sluice-home-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, name)), { recursive: true })
    await writeFile(join(home, name), text)
  }
  return home
}

/** An environment that knows this home, and no cloud. */
export async function environmentWith(
  config: string,
  credentials?: string,
): Promise<Record<string, string>> {
  const files = {
    '.aws/config': config,
    ...(credentials === undefined ? {} : { '.aws/credentials': credentials }),
  }
  return {
    PATH: process.env.PATH ?? '',
    HOME: await homeWith(files),
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}
