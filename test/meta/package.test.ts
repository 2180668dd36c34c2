/** What package.json, jsr.json and the lockfiles promise, held against the files that exist. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const json = (path: string) => JSON.parse(read(path))
const has = (path: string): boolean => existsSync(new URL(path, root))
const files = (...patterns: string[]): string[] =>
  globSync(patterns, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**', 'test/.out/**'] })

const manifest = json('package.json')
const runtimes = json('test/runtimes/package.json')
const jsr = json('jsr.json')
interface Entry {
  readonly types: string
  /** What Cloudflare Workers get instead. */
  readonly workerd?: string
  readonly default: string
}
/** Others are files as they are. */
const entries = Object.entries<Entry | string>(manifest.exports).filter(
  (entry): entry is [string, Entry] => typeof entry[1] !== 'string',
)
const source = (built: string): string => built.replace('./dist/', './src/').replace(/\.js$/, '.ts')

describe('exports', () => {
  test.each(entries)('%s has types first and default last, and all are built', (_, target) => {
    const conditions = Object.keys(target).filter((name) => name !== 'workerd')
    expect(conditions).toEqual(['types', 'default'])
    expect([Object.keys(target)[0], Object.keys(target).at(-1)]).toEqual(conditions)
    expect(target.types).toBe(target.default.replace(/\.js$/, '.d.ts'))
    const built = [target.default, target.workerd ?? target.default]
    expect([target.types, ...built, ...built.map(source)].filter((path) => !has(path))).toEqual([])
  })

  test('what is exported as it is is there', () => {
    const paths = Object.values(manifest.exports).filter((target) => typeof target === 'string')
    expect(paths.length).toBeGreaterThan(1)
    expect(paths.filter((path) => !has(path))).toEqual([])
  })

  test('jsr.json has the same entries, as sources, and the same name, version and dependencies', () => {
    const sources = entries.map(([name, target]) => [name, source(target.default)])
    expect(jsr.exports).toEqual(Object.fromEntries(sources))
    expect({ version: jsr.version, license: jsr.license }).toEqual({
      version: manifest.version,
      license: manifest.license,
    })
    const imports = Object.entries({
      ...manifest.peerDependencies,
      ...manifest.dependencies,
    }).map(([name, version]) => [name, `npm:${name}@${version}`])
    expect(jsr.imports).toEqual(Object.fromEntries(imports))
  })

  test('the command is built and starts Node', () => {
    for (const path of Object.values<string>(manifest.bin)) {
      expect(read(path)).toMatch(/^#!\/usr\/bin\/env node\n/)
    }
  })
})

describe('versions', () => {
  const groups = [manifest.dependencies, manifest.devDependencies, runtimes.dependencies] as Record<
    string,
    string
  >[]

  test.each(groups.flatMap((group) => Object.entries(group)))('%s is pinned: %s', (_, version) => {
    expect(version).toMatch(/^(npm:(@[\w-]+\/)?[\w-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/)
  })

  describe.each(['package-lock.json', 'test/runtimes/package-lock.json'])('%s', (path) => {
    type Package = { resolved?: string; optionalDependencies?: Record<string, string> }
    const packages: Record<string, Package> = json(path).packages

    test('names no server', () => {
      expect(Object.keys(packages).filter((key) => packages[key]?.resolved !== undefined)).toEqual(
        [],
      )
    })

    test('holds the builds for every platform', () => {
      // npm leaves out an optional package that it could not find, and `npm ci` then refuses the whole file.
      // Take a version whose builds are all there, and write the file anew: npm install --package-lock-only.
      const missing = Object.entries(packages).flatMap(([key, entry]) =>
        Object.keys(entry.optionalDependencies ?? {}).filter(
          (name) =>
            !(`${key}/node_modules/${name}` in packages || `node_modules/${name}` in packages),
        ),
      )
      expect(missing).toEqual([])
    })
  })

  test.each(['workerd', 'wrangler', 'miniflare', 'esbuild'])('there is one %s', (name) => {
    const found = Object.keys(json('package-lock.json').packages).filter(
      (path) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`),
    )
    // Vite accepts esbuild but does not bring one; two workerds would mean tests in another runtime than the demo's.
    expect(found).toEqual([`node_modules/${name}`])
  })
})

describe('dependencies', () => {
  const importing = (name: string, paths: string[]): string[] =>
    paths.filter((path) =>
      new RegExp(`(from|import\\(?) ?['"]${name}(/[^'"]*)?['"]`).test(read(path)),
    )

  test.each(Object.keys(manifest.dependencies))('%s is imported by src/', (name) => {
    expect(importing(name, files('src/**/*.ts'))).not.toEqual([])
  })

  test.each(Object.keys(manifest.peerDependencies))(
    '%s, a peer, is optional and tested',
    (name) => {
      expect(importing(name, files('src/**/*.ts'))).not.toEqual([])
      expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true })
      expect(manifest.devDependencies).toHaveProperty([name])
    },
  )

  test('nothing is installed that nobody uses', () => {
    /** Used without being imported or called by name. */
    const silent: Record<string, string> = {
      node: 'what npm scripts and scripts/install.mjs start',
      '@typescript/native': 'tsc',
      typescript: 'what dependency-cruiser parses with',
      '@types/node': 'types',
      '@types/papaparse': 'types',
      'dependency-cruiser': 'depcruise',
      '@arethetypeswrong/cli': 'attw',
      '@biomejs/biome': 'biome',
    }
    const users = files(
      '{src,scripts,test,bench,examples,workers,web-demo}/**/*.{ts,mjs,json}',
      '*.{ts,toml}',
      '.ci/run',
    ).filter((path) => !path.endsWith('package-lock.json'))
    const text = users.map(read).join('\n')
    const unused = Object.keys(manifest.devDependencies).filter(
      (name) => !(name in silent) && !new RegExp(`['"\`/ ]${name}['"\`/ ]`).test(text),
    )
    expect(unused).toEqual([])
  })
})
