import { CommanderError } from 'commander'
import { isSluiceError } from '../core/errors.ts'
import { inFlags } from './address.ts'
import { type CliIo, isBrokenPipe, oneLine, print } from './io.ts'
import { sluiceProgram } from './program.ts'
import { EXIT_USAGE } from './usage-error.ts'

/**
 * Runs one command line (without the program's own name) and resolves to its exit status: 0, 1 for a failure, 2 for a
 * command line that makes no sense. Never rejects. Each failure is one line on standard error, `sluice: code: message`;
 * the usage goes before it where there is no command at all.
 */
export async function run(args: readonly string[], io: CliIo): Promise<number> {
  try {
    await sluiceProgram(io).parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (isBrokenPipe(error)) return 0
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    for (const line of linesOf(error))
      await print(io.stderr, `sluice: ${oneLine(line)}\n`).catch(() => {})
    return error instanceof CommanderError ? EXIT_USAGE : 1
  }
}

function linesOf(error: unknown): string[] {
  if (error instanceof CommanderError) {
    if (error.code === 'commander.help') return ['usage: give one of the commands above']
    return [`usage: ${error.message.replace(/^error: /, '').replaceAll('\n', ' ')}`]
  }
  // What failed, and then what failed in cleaning up after it.
  if (isSuppressed(error)) return [...linesOf(error.suppressed), ...linesOf(error.error)]
  if (isSluiceError(error)) return [`${error.code}: ${inFlags(error.message)}`]
  // A fault of ours: its message is all there is to go by, and it holds no address, since those end in a SluiceError.
  return [
    `internal: ${error instanceof Error ? `${error.name}: ${error.message}` : 'unknown failure'}`,
  ]
}

/** `SuppressedError`, told by its shape: Node 20 does not have the class, and TypeScript brings its own. */
function isSuppressed(error: unknown): error is { error: unknown; suppressed: unknown } {
  return error instanceof Error && error.name === 'SuppressedError'
}
