/**
 * `npm run prove [name …]`: the long proofs at full count; without a name, all of them. `npm test` runs a seeded sample of
 * each. Ends with the exit status 0 only if each was proven.
 */
import { runCommand } from './run-command.ts'

interface Proof {
  readonly proves: string
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

const proofs: Readonly<Record<string, Proof>> = {
  signing: {
    proves: 'AWS’s 31 vectors, and 10,000 random requests signed as the AWS SDK signs them',
    command: ['vitest', 'run', '--project', 'node', 'test/s3/signature-'],
    environment: { SLUICE_SIGNATURE_CASES: '10000' },
  },
  crashes: {
    proves:
      'a process that writes to a real server, killed 100 times, ends with each record exactly once',
    command: ['vitest', 'run', '--project', 'node', 'test/sinks/crashes'],
    environment: { SLUICE_CRASHES: '100' },
  },
  parquet: {
    proves:
      '2,500 Parquet files of all types, nulls, shapes, codecs and layouts, and 2,000 random ones, are read back by DuckDB and hyparquet; the former by pyarrow and polars, too',
    command: ['vitest', 'run', '--project', 'node', 'test/formats/parquet/'],
    environment: { SLUICE_PARQUET_FILES: '2500', SLUICE_PARQUET_RUNS: '2000' },
  },
  simulate: {
    proves:
      '10,000 simulated lives of a sink, with a crash between any two answers; and that known bugs would be seen',
    command: ['node', 'scripts/simulate.ts', '--seeds', '10000', '--mutants'],
    environment: {},
  },
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(proofs)
const unknown = names.filter((name) => !(name in proofs))
if (unknown.length > 0) {
  console.error(`No proof is called ${unknown.join(', ')}. There are:`)
  for (const [name, { proves }] of Object.entries(proofs)) console.error(`  ${name}: ${proves}`)
  process.exit(2)
}

let failed = false
for (const name of names) {
  const { proves, command, environment } = proofs[name] as Proof
  console.log(`\n── ${name}: ${proves}`)
  const proven = (await runCommand(command, environment)) === 0
  console.log(`── ${name}: ${proven ? 'proven' : 'NOT PROVEN'}`)
  failed ||= !proven
}
process.exit(failed ? 1 : 0)
