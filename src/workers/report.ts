/** A Worker's log is its console: `wrangler tail`, Workers Logs. No token or signed address is in any error of ours. */
export function report(error: unknown): void {
  // biome-ignore lint/suspicious/noConsole: see above
  console.error(error)
}
