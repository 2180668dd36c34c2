/**
 * `npm run bench [name …] [-- --json]`: races, side by side, in one run each; without a name, all of them. Ratios within one
 * run are what counts: seconds differ from machine to machine. Ends with the exit status 0 only if each met its targets.
 */
import { join } from 'node:path'
import { node24, root } from './install.mjs'
import { runCommand } from './run-command.ts'

const benches: Readonly<Record<string, string>> = {
  msglc:
    'a file of 1 GB on a local server with latency, written and read in part, beside Python’s msglc and s3fs',
  parquet: 'rows to the bytes of a Parquet file, three sets of them, by each encoder',
  s3: '512 MiB from a stream of unknown length to a local server, by each client',
  sink: '2,000,000 small records through a sink into Parquet files on a local server, beside the encoder alone',
}

const args = process.argv.slice(2)
const options = args.filter((arg) => arg.startsWith('--'))
const given = args.filter((arg) => !arg.startsWith('--'))
const names = given.length > 0 ? given : Object.keys(benches)
const unknown = names.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0) {
  console.error(`No bench is called ${unknown.join(', ')}. There are:`)
  for (const [name, what] of Object.entries(benches)) console.error(`  ${name}: ${what}`)
  process.exit(2)
}

let failed = false
for (const name of names) {
  console.error(`── ${name}: ${benches[name]}`)
  const status = await runCommand([node24, join(root, 'bench', `${name}.ts`), ...options])
  failed ||= status !== 0
}
process.exit(failed ? 1 : 0)
