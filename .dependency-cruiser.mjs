/**
 * Which room may import which: the table of ARCHITECTURE.md, checked by `npm run lint`.
 * Type-only imports count: a room that needs another's types depends on it.
 *
 * dependency-cruiser reads TypeScript through the compiler's JavaScript API, which TypeScript 7 no longer has. So `typescript`
 * in package.json is the last release that has it (under the name that its makers chose for that), and `tsc` is
 * `@typescript/native`, version 7.
 */

const everywhere = ['contracts', 'core']
const roots = ['node', 'workers', 'browser', 'cli']
const libraries = [
  'inputs',
  'formats',
  'sinks',
  'logs',
  's3',
  'stores',
  'files',
  'http',
  'client',
  'compat',
]

/** room → the other rooms, or single files of them, that it may import */
const rooms = {
  contracts: [],
  core: ['contracts'],
  inputs: everywhere,
  formats: everywhere,
  // A sink without a log of its own gets the one in memory.
  sinks: [...everywhere, 'logs/memory.ts'],
  logs: everywhere,
  s3: everywhere,
  stores: [...everywhere, 's3'],
  files: [...everywhere, 'formats'],
  http: [...everywhere, 'inputs', 's3', 'sinks'],
  client: everywhere,
  compat: [...everywhere, ...libraries, 'testing'],
  testing: [...everywhere, ...libraries],
  // The composition roots. The command line is for Node, so it stands on that one.
  node: [...everywhere, ...libraries],
  workers: [...everywhere, ...libraries],
  browser: [...everywhere, ...libraries],
  cli: [...everywhere, ...libraries, 'node'],
}

/** package → where it may be imported; what is not named here may not be imported in src/ at all */
const packages = {
  aws4fetch: ['src/s3/'],
  txml: ['src/s3/', 'src/http/'],
  // Optional: whoever has a broker brings it.
  '@platformatic/kafka': ['src/compat/kafka/own-consumer.ts'],
  pako: ['src/compat/luigi/formats/'],
  papaparse: ['src/inputs/', 'src/formats/csv[.]ts$'],
  hyparquet: ['src/formats/parquet', 'src/cli/'],
  'hyparquet-writer': ['src/formats/parquet'],
  '@hpcc-js/wasm-zstd': ['src/formats/parquet/codecs/zstd.ts'],
  brotli: ['src/formats/parquet/codecs/brotli.ts'],
  nanoid: ['src/core/', 'src/sinks/', 'src/client/', 'src/testing/simulator/'],
  hono: ['src/http/'],
  'lossless-json': ['src/core/', 'src/inputs/', 'src/logs/'],
  commander: ['src/cli/'],
  '@noble/hashes': [
    'src/http/s3-gateway/',
    'src/s3/buckets/',
    'src/s3/customer-key.ts',
    'src/testing/simulator/',
  ],
}

const placeOf = (name) => (name.endsWith('.ts') ? `${name}$` : `${name}/`)
const anyOf = (names) => `(${names.join('|')})`
const installed = (name) => `^node_modules/(@types/)?${name}/`

export default {
  forbidden: [
    ...Object.entries(rooms).map(([room, others]) => ({
      name: `room-${room}`,
      comment: `src/${room} may import ${others.length === 0 ? 'no other room' : others.join(', ')}`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: {
        path: '^(src|dist|workers|web-demo|examples|scripts|test|bench)/',
        pathNot: `^src/${anyOf([room, ...others].map(placeOf))}`,
      },
    })),
    {
      name: 'room-unknown',
      comment: 'a new folder of src/ has no row in the table yet',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/${anyOf(Object.keys(rooms))}/` },
      to: {},
    },
    {
      name: 'root-entry',
      comment:
        'src/index.ts holds createSink, memoryStore, jsonl, the error class and the types, and no SigV4 or Parquet',
      severity: 'error',
      from: { path: '^src/index[.]ts$' },
      to: {
        path: '.',
        pathNot:
          '^src/(contracts/|core/|sinks/|stores/memory[.]ts$|formats/jsonl[.]ts$|logs/memory[.]ts$)',
      },
    },
    {
      name: 'platform',
      comment:
        'node: and cloudflare: belong to the composition roots; elsewhere take a structural subset of what is needed',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/${anyOf(roots)}/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'platform-node',
      comment: 'a Worker and a page have no node: modules',
      severity: 'error',
      from: { path: '^src/(workers|browser)/' },
      to: { dependencyTypes: ['core'], pathNot: '^cloudflare:' },
    },
    {
      name: 'platform-cloudflare',
      comment: 'only a Worker has cloudflare: modules',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/workers/' },
      to: { path: '^cloudflare:' },
    },
    ...Object.entries(packages).map(([name, places]) => ({
      name: `package-${name}`,
      comment: `${name} is reachable only from ${places.join(', ')}`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^${anyOf(places)}` },
      to: { path: installed(name) },
    })),
    {
      name: 'package-unknown',
      comment: 'a runtime dependency needs a row in the table that says which room it is for',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^node_modules/', pathNot: Object.keys(packages).map(installed) },
    },
    {
      name: 'package-dev',
      comment: 'what the published code imports stands under "dependencies", or "peerDependencies"',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['npm', 'npm-peer'],
        pathNot: '^node_modules/@types/',
      },
    },
    {
      name: 'by-name',
      comment:
        'what a user would write imports the package by its own name (`sluice/…`), which resolves to dist/',
      severity: 'error',
      from: { path: '^(workers|web-demo|examples)/' },
      to: { path: '^(src|scripts|test|bench|node_modules)/' },
    },
    {
      name: 'by-name-across',
      comment: 'workers/, web-demo/ and examples/ know nothing of one another',
      severity: 'error',
      from: { path: '^(workers|web-demo|examples)/' },
      to: { path: '^(workers|web-demo|examples)/', pathNot: '^$1/' },
    },
    {
      name: 'cycle',
      comment:
        'modules that need each other while they load; a cycle of types alone disappears when it is compiled',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'unresolvable',
      comment:
        'no such file, or not exported (for types, tsc says so); a `sluice/…` import needs a build first',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: '^(node_modules|dist)/' },
    exclude: { path: '^web-demo/dist/' },
    builtInModules: {
      add: ['cloudflare:workers', 'cloudflare:sockets', 'cloudflare:email', 'cloudflare:test'],
    },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'default', 'types', 'node'],
      extensions: ['.ts', '.js', '.mjs', '.json', '.d.ts'],
    },
  },
}
