import type { Committed, FileInfo, LaneRange, Progress, Receipt } from '../contracts/index.ts'
import { receiptId } from '../core/receipt-id.ts'
import type { HttpClient } from './http-client.ts'
import { questionsOf } from './lane-ranges.ts'

/** A visible file, and where it is downloaded: a link for an hour if the token may read and the server has a link secret. */
export interface HttpFile extends FileInfo {
  readonly url: string
}

interface RemoteProgress extends Progress {
  readonly files: readonly HttpFile[]
}

/** How long the server waits before it answers that there is something left: less than a request may take. */
const WAIT_MS = 20_000

/** What the server says of records that it has acknowledged. */
export class RemoteReceipts {
  readonly #client: HttpClient
  readonly #path: string
  readonly #signal: AbortSignal

  /** @param signal Ends every question. */
  constructor(client: HttpClient, path: string, signal: AbortSignal) {
    this.#client = client
    this.#path = path
    this.#signal = signal
  }

  receipt(ranges: readonly LaneRange[]): Receipt {
    return {
      id: receiptId(ranges),
      ranges,
      committed: async (options): Promise<Committed> => {
        for (;;) {
          const { state, records, files } = await this.#progress(ranges, WAIT_MS, options?.signal)
          if (state === 'committed') return { records, files }
        }
      },
      progress: () => this.#progress(ranges, 0, undefined),
    }
  }

  /**
   * Has the open files cut, again until all of the ranges are visible, however long that takes: each time the server says
   * whether its store fails. Resolves to the files of the ranges.
   */
  async flushed(
    ranges: readonly LaneRange[],
    signal: AbortSignal | undefined,
  ): Promise<readonly HttpFile[]> {
    for (;;) {
      const flush = await this.#ask('POST', `flush?wait=${WAIT_MS}`, signal)
      const isFlushed = flush.state === 'committed'
      const { state, files } = await this.#progress(ranges, isFlushed ? WAIT_MS : 0, signal)
      if (isFlushed && state === 'committed') return files
    }
  }

  async #progress(
    ranges: readonly LaneRange[],
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<RemoteProgress> {
    const files = new Map<string, HttpFile>()
    let records = 0
    let state: Progress['state'] = 'committed'
    for (const part of questionsOf(ranges)) {
      const path = `receipts/${receiptId(part)}?wait=${waitMs}`
      const progress = await this.#ask('GET', path, signal)
      records += progress.records
      if (progress.state === 'pending') state = 'pending'
      for (const file of progress.files) {
        files.set(file.key, { ...file, url: this.#client.address(file.url) })
      }
    }
    return { state, records, files: [...files.values()] }
  }

  #ask(method: string, path: string, signal: AbortSignal | undefined): Promise<RemoteProgress> {
    return this.#client.request<RemoteProgress>(method, `${this.#path}/${path}`, {
      signal: either(this.#signal, signal),
      isAnswer: ({ files }) => Array.isArray(files),
    })
  }
}

export function either(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other ? AbortSignal.any([one, other]) : one
}
