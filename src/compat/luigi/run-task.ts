import { SluiceError } from '../../core/errors.ts'

/** What a task makes, and says by its existence that it is made. */
export interface Target {
  readonly path: string
  exists(): Promise<boolean>
}

export interface Task {
  /** What must have been made before. Default: nothing. */
  requires?(): Iterable<Task>
  output(): Target | readonly Target[]
  /** Makes the output. Without it, the output is somebody else's to make. */
  run?(): Promise<void>
}

/**
 * Does nothing when the task's output exists; else does the same with each task that it requires, one after the other, and then runs it. A task
 * that several require is looked at once.
 *
 * Not guaranteed: that nobody else runs it at the same time. Write the output by `open('w')`, which makes it whole or not at all, and the last one wins.
 *
 * Errors: `not-found` for an output that is missing after its task ran, or has no task to make it; `invalid-options` for tasks that require each other; and
 * what `run` throws, which ends everything that would come behind it.
 */
export async function runTask(task: Task): Promise<void> {
  await visit(task, new Set(), new Set())
}

async function visit(task: Task, open: Set<Task>, done: Set<Task>): Promise<void> {
  if (done.has(task)) return
  const [missing] = await missingOf(task)
  if (missing) {
    if (open.has(task)) {
      const message = `The task that makes ${missing.path} requires itself`
      throw new SluiceError('invalid-options', message)
    }
    if (!task.run) throw notThere(missing, 'and no task makes it')
    open.add(task)
    for (const other of task.requires?.() ?? []) await visit(other, open, done)
    open.delete(task)
    await task.run()
    const [still] = await missingOf(task)
    if (still) throw notThere(still, 'though its task has run')
  }
  done.add(task)
}

async function missingOf(task: Task): Promise<Target[]> {
  const output = task.output()
  const targets = Array.isArray(output) ? (output as readonly Target[]) : [output as Target]
  const there = await Promise.all(targets.map((target) => target.exists()))
  return targets.filter((_, index) => !there[index])
}

function notThere({ path }: Target, why: string): SluiceError {
  return new SluiceError('not-found', `There is no ${path}, ${why}`)
}
