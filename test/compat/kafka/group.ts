/** Consumers in processes of their own, which a test kills, freezes, sends away and adds to. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ConsumerTask, Reported } from './consumer.ts'

const SCRIPT = fileURLToPath(new URL('consumer.ts', import.meta.url))
/** Longer than a consumer's session: meanwhile others have its partitions. */
const FROZEN_MS = 6000
/** After a report, until the next disturbance, at most. */
const JITTER_MS = 150
const MOST = 4

type Disturbance = 'kill' | 'freeze' | 'leave' | 'add'

export class Group {
  /** How often what was reported, and done. */
  readonly counts: Record<string, number> = {}
  readonly #task: ConsumerTask
  readonly #consumers = new Set<ChildProcess>()
  readonly #thawing = new Set<Promise<void>>()
  /** By partition: how far its files go. */
  readonly #ends = new Map<number, bigint>()
  #listeners: (() => void)[] = []
  #failure: Error | undefined

  constructor(task: ConsumerTask) {
    this.#task = task
  }

  start(): void {
    const child = fork(SCRIPT, [JSON.stringify(this.#task)])
    this.#consumers.add(child)
    child.on('message', ({ type, ends }: Reported) => {
      this.#count(type)
      for (const { partition, end } of ends) {
        const known = this.#ends.get(partition) ?? 0n
        if (BigInt(end) > known) this.#ends.set(partition, BigInt(end))
      }
      this.#report()
    })
    child.once('exit', (status) => {
      this.#consumers.delete(child)
      if (status === 0 || status === null) return
      this.#failure = new Error(`A consumer ended with status ${status}`)
      this.#report()
    })
  }

  /** Waits for a report, and then does something to somebody. */
  async disturb(random: () => number): Promise<void> {
    await this.#reported()
    await new Promise((resolve) => setTimeout(resolve, random() * JITTER_MS))
    const kinds: Disturbance[] = ['kill', 'kill', 'freeze', 'leave', 'add']
    const kind = kinds[Math.floor(random() * kinds.length)] ?? 'kill'
    const all = [...this.#consumers]
    const chosen = all[Math.floor(random() * all.length)]
    this.#count(kind)
    if (kind === 'add' || !chosen) {
      if (all.length < MOST) this.start()
    } else if (kind === 'freeze') {
      chosen.kill('SIGSTOP')
      const thawing = new Promise<void>((resolve) => setTimeout(resolve, FROZEN_MS)).then(() => {
        chosen.kill('SIGCONT')
      })
      this.#thawing.add(thawing)
    } else {
      if (kind === 'kill') chosen.kill('SIGKILL')
      else if (chosen.connected) chosen.send('end')
      this.#consumers.delete(chosen)
      this.start()
    }
  }

  /** Waits until the files go as far as the topic does. */
  async reaches(ends: readonly bigint[]): Promise<void> {
    await Promise.all(this.#thawing)
    while (ends.some((end, partition) => (this.#ends.get(partition) ?? 0n) < end)) {
      await this.#reported()
    }
  }

  /** Lets all of them leave. */
  async end(): Promise<void> {
    const leaving = [...this.#consumers].map((child) => {
      const exited = once(child, 'exit')
      child.send('end')
      return exited
    })
    await Promise.all(leaving)
    if (this.#failure) throw this.#failure
  }

  kill(): void {
    for (const child of this.#consumers) child.kill('SIGKILL')
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1
  }

  #report(): void {
    for (const listener of this.#listeners) listener()
    this.#listeners = []
  }

  async #reported(): Promise<void> {
    await new Promise<void>((resolve) => this.#listeners.push(resolve))
    if (this.#failure) throw this.#failure
  }
}
