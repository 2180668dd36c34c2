import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { audit } from './commands/audit.ts'
import { cat } from './commands/cat.ts'
import { doctor } from './commands/doctor.ts'
import { head } from './commands/head.ts'
import { janitor } from './commands/janitor.ts'
import { ls } from './commands/ls.ts'
import { msglcCat, msglcGet, msglcLs } from './commands/msglc.ts'
import { put } from './commands/put.ts'
import { serve } from './commands/serve.ts'
import { FORMATS } from './convert.ts'
import type { CliIo } from './io.ts'
import { TEXT_KINDS } from './names.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const ENVIRONMENT = `
An address is s3://bucket/key or a local path.

Buckets are opened with what the environment says:
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE;
    else whatever else the AWS tools find: profiles, roles, container, instance
  SLUICE_S3_ENDPOINT, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL    default: AWS
  AWS_REGION, AWS_DEFAULT_REGION                               default: us-east-1

Exit status: 0, 1 for a failure, 2 for a command line that makes no sense.`

const PUT = `
The bytes are copied as they are, unless --format or --from is given, or the names
end differently: put a.csv s3://bucket/a.parquet converts. Standard input has no
name. Records are read from CSV, NDJSON and JSON, gzip or not, not from Parquet.
A bucket has to exist; its object is replaced when the last byte has arrived.`

const MSGLC_PATH = `
A path is keys and places: a/b/0, rows/-1, and, for get, slices: rows/10:20,
rows/0:2:10 (every second of the first ten). Where a key is empty, holds a / or is
no text, it is a JSON list of steps: ["a/b",0]. Only what is asked for is read.
Bytes are printed as base64.`

/** The command line, bound to one process's streams. Errors of its use are thrown as commander's own. */
export function sluiceProgram(io: CliIo): Command {
  const program = new Command('sluice')
    .description('Records in, files in your bucket.')
    .version(version(), '-V, --version')
    .addHelpText('after', ENVIRONMENT)
    // Settings of the program are those of the commands made after them.
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      // The usage, when there is no command. Errors are said once, by whoever catches them.
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => {},
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
    })
    .showSuggestionAfterError()

  bucketCommand(program, 'put')
    .description('write a file, or standard input (-), to an address')
    .argument('<file>', 'what to write: a local path, an s3:// address, or -')
    .argument('<address>', 'where to')
    .addOption(
      new Option(
        '--format <format>',
        "convert the records; default: what the address ends in, where that is another than the file's",
      ).choices(Object.keys(FORMATS)),
    )
    .addOption(
      new Option('--from <kind>', 'what the records are read from; default: by the name').choices(
        TEXT_KINDS,
      ),
    )
    .addHelpText('after', PUT)
    .action((from, to, options) => put(from, to, options, io))

  bucketCommand(program, 'cat')
    .description('print the bytes of an object')
    .argument('<address>', 'the object')
    .action((address, options) => cat(address, options, io))

  bucketCommand(program, 'ls')
    .description('list the objects that begin with an address')
    .argument('<address>', 's3://bucket, s3://bucket/prefix or a folder')
    .option('-r, --recursive', 'list all objects instead of folders')
    .action((address, options) => ls(address, options, io))

  bucketCommand(program, 'head')
    .description('print the first records of CSV, NDJSON, JSON or Parquet, gzip or not')
    .argument('<address>', 'the object, or - for standard input')
    .option('-n, --records <count>', 'how many', wholeNumber, 10)
    .addOption(
      new Option('--from <kind>', 'what the records are read from; default: by the name').choices([
        ...TEXT_KINDS,
        'parquet',
      ]),
    )
    .action((address, options) => head(address, options, io))

  msglcCommands(program, io)

  bucketCommand(program, 'doctor')
    .description('check that a bucket can do what Sluice needs, and say what to fix')
    .argument('<address>', 's3://bucket, or s3://bucket/prefix if only that may be written')
    .option('--origin <url>', 'the origin of a page that is to use the bucket')
    .action((address, options) => doctor(address, options, io))

  bucketCommand(program, 'janitor')
    .description('abort uploads that were begun and left')
    .argument('<address>', 's3://bucket/prefix: where the uploads would have ended')
    .addOption(
      new Option(
        '--older-than <time>',
        'begun, and without a new part, for so long: 12h, 7d; at least 1h',
      )
        .argParser(ageInMs)
        .default(7 * DAY_MS, '7d'),
    )
    .option('--dry-run', 'say what would be aborted, and abort nothing')
    .action((address, options) => janitor(address, options, io))

  bucketCommand(program, 'audit')
    .description("hold a stream's files against the numbers of its records")
    .argument('<address>', 's3://bucket/stream or a folder: where the files lie')
    .option('--name <template>', "the sink's name, where it is not the default one")
    .option(
      '--log <folder>',
      "the sink's log: tells what is missing at a lane's end; it is only read",
    )
    .option('--json', 'print the whole report as JSON')
    .action((address, options) => audit(address, options, io))

  program
    .command('serve')
    .description('be an S3 server over a folder, until it is interrupted')
    .argument('<folder>', 'the folder; it is the one bucket')
    .option('--port <number>', 'where to listen; 0: any that is free', portNumber, 9000)
    .option('--host <address>', 'who can reach it; default: this machine only', '127.0.0.1')
    .option('--bucket <name>', "the bucket's name; default: the folder's")
    .action((folder, options) => serve(folder, options, io))

  return program
}

function msglcCommands(program: Command, io: CliIo): void {
  const msglc = program
    .command('msglc')
    .description('look into a msglc file, of which only what is asked for is read')

  bucketCommand(msglc, 'cat')
    .description("print all of it as JSON; a list's items a line each")
    .argument('<address>', 'the file, or - for standard input')
    .action((address, options) => msglcCat(address, options, io))

  bucketCommand(msglc, 'ls')
    .description("print a map's keys, or a list's places, a line each")
    .argument('<address>', 'the file, or - for standard input')
    .argument('[path]', 'where in it', '')
    .addHelpText('after', MSGLC_PATH)
    .action((address, path, options) => msglcLs(address, path, options, io))

  bucketCommand(msglc, 'get')
    .description('print one value as JSON')
    .argument('<address>', 'the file, or - for standard input')
    .argument('<path>', 'where in it')
    .addHelpText('after', MSGLC_PATH)
    .action((address, path, options) => msglcGet(address, path, options, io))
}

function bucketCommand(program: Command, name: string): Command {
  return program
    .command(name)
    .option('--endpoint <url>', "the server's address")
    .option('--region <name>', 'what requests are signed for')
    .option('--allow-insecure', 'allow plain http to another machine')
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < 1 || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError('It must be a whole number above 0.')
  }
  return number
}

function ageInMs(text: string): number {
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(text) ?? []
  const ms = Number(count) * (unit === 'd' ? DAY_MS : HOUR_MS)
  if (ms >= HOUR_MS) return ms
  throw new InvalidArgumentError('It must be a time of at least 1h: 12h, 7d.')
}

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text)
  throw new InvalidArgumentError('It must be a port: 0 to 65535.')
}

function version(): string {
  // As far above dist/cli as above src/cli.
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
