import type { Clock } from '../../contracts/index.ts'
import { abortError } from '../../core/errors.ts'
import { hash, type Random } from './random.ts'

/** Whatever can be killed: what it waits for never comes then, and what it set is gone. */
export interface Owner {
  readonly name: string
  readonly alive: boolean
}

export interface Task {
  owner: Owner | undefined
  readonly label: string
  readonly dueMs: number
  readonly run: () => void
  /** Something that has left the owner, such as a request, and may arrive after its death. */
  readonly sent: boolean
}

/** When the wall clock began. */
const EPOCH_MS = Date.UTC(2026, 0, 1, 23, 59)
const REMEMBERED_LINES = 60

/** A real turn of the event loop: all promises that wait for nothing settle. Taken before anybody replaces it. */
const { setImmediate, setTimeout } = globalThis as unknown as Record<
  'setImmediate' | 'setTimeout',
  (run: () => void) => void
>
const later = setImmediate ?? setTimeout
/** Asked for together. Between two of them everything settles as well, and a round of the event loop for each would cost as much as a step. */
const TURNS_AT_ONCE = 64

/**
 * The only thing that lets anything happen. Each answer of a disk or a store and each timer is a task; one at a time, of those that
 * are due the seed picks one, and everything that follows from it without waiting is done before the next.
 */
export class Scheduler {
  steps = 0
  /** What has passed since the beginning, whatever the wall clock says. */
  elapsedMs = 0
  /** How far the wall clock has jumped, in all, and between which bounds. */
  jumpedMs = 0
  leastJumpMs = 0
  mostJumpMs = 0
  /** Whose task runs. */
  current: Owner | undefined
  /** Of all lines so far. */
  digest = 0
  readonly lines: string[] = []
  readonly #random: Random
  readonly #tasks: Task[] = []
  readonly #onLine: ((line: string) => void) | undefined

  constructor(random: Random, onLine?: (line: string) => void) {
    this.#random = random
    this.#onLine = onLine
  }

  get nowMs(): number {
    return EPOCH_MS + this.elapsedMs + this.jumpedMs
  }

  jump(ms: number): void {
    this.jumpedMs += Math.round(ms)
    this.leastJumpMs = Math.min(this.leastJumpMs, this.jumpedMs)
    this.mostJumpMs = Math.max(this.mostJumpMs, this.jumpedMs)
    this.tell(undefined, `the clock jumps by ${Math.round(ms)} ms`)
  }

  add(
    owner: Owner | undefined,
    label: string,
    delayMs: number,
    run: () => void,
    sent = false,
  ): Task {
    const task = {
      owner,
      label,
      dueMs: this.elapsedMs + Math.max(0, Math.round(delayMs)),
      run,
      sent,
    }
    if (!owner || owner.alive) this.#tasks.push(task)
    return task
  }

  remove(task: Task): void {
    const at = this.#tasks.indexOf(task)
    if (at >= 0) this.#tasks.splice(at, 1)
  }

  /** Never resolves once the owner is dead. */
  wait(owner: Owner | undefined, label: string, delayMs = 0, sent = false): Promise<void> {
    return new Promise((resolve) => void this.add(owner, label, delayMs, resolve, sent))
  }

  /** The owner is dead: of what it had sent, some arrives all the same, some day. */
  bury(owner: Owner): void {
    for (const task of this.#tasks.filter((one) => one.owner === owner)) {
      if (task.sent && this.#random.chance(0.5)) task.owner = undefined
      else this.remove(task)
    }
  }

  /** Steps until `over` says so. False when there is nothing left that could happen. */
  async run(over: () => boolean, beforeStep: () => boolean): Promise<boolean> {
    await turn()
    while (!over()) {
      // What strikes may be heard of, and answered.
      if (beforeStep()) await turn()
      const task = this.#take()
      if (!task) return over()
      this.steps++
      this.elapsedMs = Math.max(this.elapsedMs, task.dueMs)
      this.tell(task.owner, task.label)
      this.current = task.owner
      task.run()
      await turn()
      this.current = undefined
    }
    return true
  }

  tell(owner: Owner | undefined, what: string): void {
    const line = `${this.steps} ${this.elapsedMs} ms ${owner?.name ?? '-'}: ${what}`
    this.digest = hash(line, this.digest)
    this.lines.push(line)
    if (this.lines.length > 2 * REMEMBERED_LINES) this.lines.splice(0, REMEMBERED_LINES)
    this.#onLine?.(line)
  }

  clockOf(owner: Owner): Clock {
    return {
      now: () => this.nowMs,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(abortError(signal))
          const task = this.add(owner, 'sleep', ms, () => {
            unheard()
            resolve()
          })
          const unheard = listen(signal, () => {
            unheard()
            this.remove(task)
            reject(abortError(signal as AbortSignal))
          })
        }),
      // As the system's: what the clock says is asked once, and a jump after that changes nothing.
      schedule: (atMs, run) => {
        const task = this.add(owner, 'timer', atMs - this.nowMs, () => void run())
        return () => this.remove(task)
      },
    }
  }

  /** One of those that are due; when none is, the next one. */
  #take(): Task | undefined {
    const due = this.#tasks.filter(({ dueMs }) => dueMs <= this.elapsedMs)
    let task = due.length > 0 ? this.#random.pick(due) : this.#tasks[0]
    if (due.length === 0)
      for (const one of this.#tasks) if (one.dueMs < (task as Task).dueMs) task = one
    if (task) this.remove(task)
    return task
  }
}

/** Calls `run` when the signal fires. Gives what ends that. */
export function listen(signal: AbortSignal | undefined, run: () => void): () => void {
  signal?.addEventListener('abort', run)
  return () => signal?.removeEventListener('abort', run)
}

let askedFor = 0
let onTurn: (() => void) | undefined

function turn(): Promise<void> {
  return new Promise((resolve) => {
    onTurn = resolve
    if (askedFor > 0) return
    askedFor = TURNS_AT_ONCE
    for (let i = 0; i < TURNS_AT_ONCE; i++) later(takeTurn)
  })
}

function takeTurn(): void {
  askedFor--
  onTurn?.()
}
