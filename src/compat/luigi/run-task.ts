import { SluiceError } from '../../core/errors.ts'

/** What a task makes, and says by its existence that it is made. */
export interface Target {
  readonly path: string
  exists(): Promise<boolean>
}

export interface Task {
  /** What must have been made before: a task, or several. Default: nothing. */
  requires?(): Task | Iterable<Task>
  output(): Target | readonly Target[]
  /** Makes the output. Without it, the output is somebody else's to make. */
  run?(): Promise<void>
}

/**
 * Does nothing when the task's output exists; else does the same with each task that it requires, one after the other, and then runs it. A task
 * that several require is looked at once. Tasks may be made anew whenever they are asked for: what is being made is known by its path.
 *
 * Not guaranteed: that nobody else runs it at the same time. Write the output by `open('w')`, which makes it whole or not at all, and the last one wins.
 *
 * Errors: `not-found` for an output that is missing after its task ran, or has no task to make it; `invalid-options` for tasks that require each other,
 * and for what is no task, no list of tasks, no target, or no target at all; and
 * what `run` throws, which ends everything that would come behind it.
 */
export async function runTask(task: Task): Promise<void> {
  await visit(checkedTask(task, 'What is to be run'), new Set(), new Set())
}

/** `open` holds the paths that the tasks above are about to make. */
async function visit(task: Task, open: Set<string>, done: Set<Task>): Promise<void> {
  if (done.has(task)) return
  const [missing] = await missingOf(task)
  if (missing) {
    const { path } = missing
    if (open.has(path)) {
      const message = `The task that makes ${path} requires itself`
      throw new SluiceError('invalid-options', message)
    }
    if (!task.run) throw notThere(missing, 'and no task makes it')
    open.add(path)
    for (const other of requiredBy(task, path)) await visit(other, open, done)
    open.delete(path)
    await task.run()
    const [still] = await missingOf(task)
    if (still) throw notThere(still, 'though its task has run')
  }
  done.add(task)
}

function requiredBy(task: Task, path: string): readonly Task[] {
  const required: unknown = task.requires?.() ?? []
  const what = `What the task that makes ${path} requires`
  if (!isIterable(required)) return [checkedTask(required, what)]
  return Array.from(required, (one) => checkedTask(one, what))
}

function checkedTask(task: unknown, what: string): Task {
  const { output, run = () => {} } = (task ?? {}) as Partial<Task>
  if (typeof output === 'function' && typeof run === 'function') return task as Task
  const message = `${what} must be a task: it has an output(), and maybe a run()`
  throw new SluiceError('invalid-options', message)
}

async function missingOf(task: Task): Promise<Target[]> {
  const output: unknown = task.output()
  const targets = Array.isArray(output) ? output : [output]
  if (targets.length === 0 || !targets.every(isTarget)) {
    const message =
      'output() of a task must answer with a target, or a list of some: they have a path and exists()'
    throw new SluiceError('invalid-options', message)
  }
  const there = await Promise.all(targets.map((target) => target.exists()))
  return targets.filter((_, index) => !there[index])
}

function isTarget(target: unknown): target is Target {
  const { path, exists } = (target ?? {}) as Partial<Target>
  return typeof path === 'string' && typeof exists === 'function'
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

function notThere({ path }: Target, why: string): SluiceError {
  return new SluiceError('not-found', `There is no ${path}, ${why}`)
}
