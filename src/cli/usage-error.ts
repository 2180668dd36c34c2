import { CommanderError } from 'commander'

/** What the shell hears: 2 is the word of most commands for a command line that makes no sense. */
export const EXIT_USAGE = 2

/** The command line itself is wrong. Never repeats an argument: it may be an address with a password in it. */
export function usageError(message: string): CommanderError {
  return new CommanderError(EXIT_USAGE, 'sluice.usage', message)
}
