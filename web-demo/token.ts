const NAME = 'sluice-token'

/**
 * The token of this tab. One in the address (`#token=…`) is taken out of it at once, so that it stays in no history,
 * bookmark or screenshot; a fragment is never sent to a server.
 */
export function currentToken(): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('token')
  if (given) {
    keepToken(given)
    history.replaceState(null, '', location.pathname + location.search)
  }
  return sessionStorage.getItem(NAME) ?? undefined
}

/** Until the tab is closed. */
export function keepToken(token: string): void {
  sessionStorage.setItem(NAME, token)
}

export function forgetToken(): void {
  sessionStorage.removeItem(NAME)
}
