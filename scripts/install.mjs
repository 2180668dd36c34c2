// Plain JavaScript without a dependency: it runs on whatever Node (20 or newer) the reader has, before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const exe = process.platform === 'win32' ? '.exe' : ''

/** Node 24, from npm: wrangler, miniflare and dependency-cruiser need 22 or newer, and it runs .ts files as they are. */
export const node24 = join(root, 'node_modules', 'node', 'bin', `node${exe}`)

/** The environment of everything that we start: tools find Node 24 and the installed commands first, as in npm scripts. */
export function toolEnvironment() {
  const separator = process.platform === 'win32' ? ';' : ':'
  const bin = join(root, 'node_modules', '.bin')
  return { ...process.env, PATH: `${bin}${separator}${process.env.PATH ?? ''}` }
}

/**
 * What differs between package-lock.json and node_modules, or undefined. npm writes node_modules/.package-lock.json when it has
 * finished, so an installation cut off in the middle is seen; comparing versions, not dates, survives a `git checkout`.
 *
 * @param {string} folder
 */
export function staleReason(folder) {
  const installed = read(join(folder, 'node_modules', '.package-lock.json'))
  if (installed === undefined) return 'nothing is installed yet'
  for (const [path, wanted] of Object.entries(
    read(join(folder, 'package-lock.json'))?.packages ?? {},
  )) {
    if (path === '') continue
    const found = installed.packages[path]
    // A package for another platform stays out.
    if (found === undefined && (wanted.optional || wanted.devOptional || wanted.peer)) continue
    if (found?.version !== wanted.version)
      return `package-lock.json asks for ${path.replace(/^node_modules\//, '')} ${wanted.version}`
    if (found.hasInstallScript && !existsSync(join(folder, path))) return `${path} is gone`
  }
  return undefined
}

/**
 * Installs exactly what the lockfile of `folder` says, if it is not there already. Ends the process when that fails.
 *
 * @param {string} folder
 * @param {string} what  for the message
 */
export function ensureInstalled(folder, what) {
  const reason = staleReason(folder)
  if (reason === undefined) return
  console.log(`Installing ${what} with npm ci (${reason}); this takes a minute …`)
  const npm = process.env.npm_execpath
  const args = ['ci', '--prefer-offline', '--loglevel=error', '--no-audit', '--no-fund']
  const began = Date.now()
  const done = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], {
        cwd: folder,
        stdio: ['ignore', 'inherit', 'inherit'],
      })
    : spawnSync('npm', args, {
        cwd: folder,
        stdio: ['ignore', 'inherit', 'inherit'],
        shell: process.platform === 'win32',
      })
  if (done.status !== 0) {
    console.error(
      `npm ci failed in ${folder}. Is a package registry within reach? Run it there by hand to see more.`,
    )
    process.exit(1)
  }
  console.log(`Installed ${what} in ${Math.round((Date.now() - began) / 1000)} s.`)
}

/** @param {string} file */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
