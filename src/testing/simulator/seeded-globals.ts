import { nanoid } from 'nanoid'
import type { Random } from './random.ts'
import type { Scheduler, Task } from './scheduler.ts'

/**
 * Puts what a platform decides by itself into the hands of the seed and the scheduler, and gives what puts it back: randomness, time,
 * digests (which other threads would compute), combined signals, and turns of the event loop. One simulation at a time, in a process that does nothing else
 * meanwhile.
 */
export function seedGlobals(random: Random, scheduler: Scheduler): () => void {
  const words = random.fork('ids')
  const fractions = random.fork('Math.random')
  const getRandomValues = <T extends Uint8Array>(bytes: T): T => {
    refilled = true
    words.fill(bytes)
    return bytes
  }
  let refilled = false
  const later = (run: () => void, ms = 0): Task => scheduler.add(scheduler.current, 'turn', ms, run)
  const restores = [
    replace(globalThis, {
      setTimeout: later,
      setImmediate: later,
      clearTimeout: (task: Task | undefined) => task && scheduler.remove(task),
      scheduler: { yield: () => Promise.resolve() },
    }),
    replace(Date, { now: () => scheduler.nowMs }),
    // Errors are ordinary here, and their stacks half of the work.
    replace(Error, { stackTraceLimit: 0 }),
    replace(AbortSignal, { any: combined }),
    replace(Math, { random: () => fractions.fraction() }),
    replace(crypto, { getRandomValues, randomUUID: () => uuid(words) }),
    replace(crypto.subtle, {
      digest: async (_: 'SHA-256', bytes: Uint8Array) => digestOf(bytes),
    }),
  ]
  // It draws its bytes in advance, for many ids: those that an earlier simulation has left are thrown away.
  while (!refilled) nanoid()
  return () => {
    for (const restore of restores) restore()
  }
}

/**
 * As the platform's, without its weak references: those are a tenth of a life's work for the garbage collector, and the platform keeps
 * a combined signal while somebody listens to it, as the dead do.
 */
function combined(signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController()
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason)
    else signal.addEventListener('abort', () => controller.abort(signal.reason))
  }
  return controller.signal
}

/** As long as one of SHA-256, and cheap, from two sums as FNV-1a has them: nobody here looks for other bytes of the same digest. */
function digestOf(bytes: Uint8Array): ArrayBuffer {
  let one = 0x811c9dc5
  let other = bytes.byteLength
  for (const byte of bytes) {
    one = Math.imul(one ^ byte, 0x01000193)
    other = Math.imul(other ^ byte, 0x85ebca6b) ^ (one >>> 15)
  }
  return Uint32Array.from({ length: 8 }, (_, i) => Math.imul(i % 2 ? one : other, 2 * i + 1)).buffer
}

function uuid(random: Random): string {
  const hex = Array.from({ length: 4 }, () => random.uint32().toString(16).padStart(8, '0')).join(
    '',
  )
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** Own properties hide those of a prototype; what was there before comes back exactly. */
function replace(target: object, values: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(values).map(
    (name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const,
  )
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, { value, configurable: true, writable: true })
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(target, name, descriptor)
      else Reflect.deleteProperty(target, name)
    }
  }
}
