/**
 * `npm run prove [name …]`: the long proofs at full count; without a name, all of them. `npm test` runs a seeded sample of
 * each. Ends with the exit status 0 only if each was proven.
 */
import { runCommand } from './run-command.ts'
import { pythonWith } from './test-python.ts'

interface Proof {
  readonly proves: string
  /** Made before any test runs: those that only take what is there would skip themselves while another makes it. */
  readonly needs?: (() => Promise<unknown>) | undefined
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
  kafka: {
    proves:
      '1,000,000 messages of a Kafka topic, by consumers that are killed, frozen and rebalanced 30 times at random, end in files exactly once',
    command: [
      ...['vitest', 'run', '--project', 'node', 'test/compat/kafka/crashes'],
      ...['-t', 'exactly once'],
    ],
    environment: { SLUICE_KAFKA_MESSAGES: '1000000', SLUICE_KAFKA_DISTURBANCES: '30' },
  },
  parquet: {
    proves:
      '2,500 Parquet files of all types, nulls, shapes, codecs and layouts, and 2,000 random ones, are read back by DuckDB and hyparquet; the former by pyarrow and polars, too',
    needs: () => pythonWith(new URL('../test/formats/parquet/requirements.txt', import.meta.url)),
    command: ['vitest', 'run', '--project', 'node', 'test/formats/parquet/'],
    environment: { SLUICE_PARQUET_FILES: '2500', SLUICE_PARQUET_RUNS: '2000' },
  },
  msglc: {
    proves:
      '100,000 damaged msglc files are errors, or what their bytes say; and as many damaged payloads, as other decoders read them',
    command: ['vitest', 'run', '--project', 'node', 'test/files/msglc/hostile'],
    environment: { SLUICE_MSGLC_MUTANTS: '100000' },
  },
  simulate: {
    proves:
      '10,000 simulated lives of a sink, and as many of a run of sluice/bytewax, with a crash between any two answers; and that known bugs would be seen',
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

async function isProven({ needs, command, environment }: Proof): Promise<boolean> {
  try {
    await needs?.()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return false
  }
  return (await runCommand(command, environment)) === 0
}

let failed = false
for (const name of names) {
  const proof = proofs[name] as Proof
  console.log(`\n── ${name}: ${proof.proves}`)
  const proven = await isProven(proof)
  console.log(`── ${name}: ${proven ? 'proven' : 'NOT PROVEN'}`)
  failed ||= !proven
}
process.exit(failed ? 1 : 0)
