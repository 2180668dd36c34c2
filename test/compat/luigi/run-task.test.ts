import { describe, expect, test } from 'vitest'
import { runTask, S3Client, S3Target, type Task } from '../../../src/compat/luigi/index.ts'
import { memoryStore } from '../../../src/stores/memory.ts'

const client = (): S3Client => new S3Client({ buckets: { bucket: memoryStore() } })

/** A task that writes its name, and tells that it did. */
function writing(fs: S3Client, name: string, ran: string[], ...requires: Task[]): Task {
  const target = new S3Target(`s3://bucket/${name}`, { client: fs })
  return {
    requires: () => requires,
    output: () => target,
    async run() {
      ran.push(name)
      await using file = target.open('w')
      await file.write(name)
      await file.close()
    },
  }
}

test('what is required comes first, and nothing is done twice', async () => {
  const fs = client()
  const ran: string[] = []
  const base = writing(fs, 'base', ran)
  const left = writing(fs, 'left', ran, base)
  const right = writing(fs, 'right', ran, base)
  const top = writing(fs, 'top', ran, left, right)
  await runTask(top)
  expect(ran).toEqual(['base', 'left', 'right', 'top'])
  await runTask(top)
  expect(ran).toHaveLength(4)
  await fs.remove('s3://bucket/base')
  await runTask(top)
  expect(ran).toHaveLength(4)
  await fs.remove('s3://bucket/top')
  await runTask(top)
  // `left` and `right` are there, so what they need is not looked at.
  expect(ran).toEqual(['base', 'left', 'right', 'top', 'top'])
})

test('a task that several require is looked at once', async () => {
  let looks = 0
  const base: Task = {
    output: () => ({
      path: 'base',
      async exists() {
        looks++
        return true
      },
    }),
  }
  const fs = client()
  await runTask(writing(fs, 'top', [], writing(fs, 'left', [], base), base))
  expect(looks).toBe(1)
})

test('several outputs, of which one is missing', async () => {
  const fs = client()
  const paths = ['s3://bucket/1', 's3://bucket/2']
  const targets = paths.map((path) => new S3Target(path, { client: fs }))
  let runs = 0
  const task: Task = {
    output: () => targets,
    async run() {
      runs++
      for (const path of paths) await fs.putString('x', path)
    },
  }
  await fs.putString('x', 's3://bucket/1')
  await runTask(task)
  await runTask(task)
  expect(runs).toBe(1)
})

describe('fails', () => {
  test('where what is required is nobody’s to make', async () => {
    const fs = client()
    const ran: string[] = []
    const external: Task = { output: () => new S3Target('s3://bucket/in', { client: fs }) }
    const task = writing(fs, 'out', ran, external)
    await expect(runTask(task)).rejects.toMatchObject({ code: 'not-found' })
    expect(ran).toEqual([])
    await fs.putString('x', 's3://bucket/in')
    await runTask(task)
    expect(ran).toEqual(['out'])
  })

  test('where a task did not make its output', async () => {
    const target = new S3Target('s3://bucket/out', { client: client() })
    const task: Task = { output: () => target, run: async () => {} }
    await expect(runTask(task)).rejects.toThrow('though its task has run')
  })

  test('where tasks require each other', async () => {
    const fs = client()
    const others: Task[] = []
    const one = writing(fs, 'one', [], {
      output: () => new S3Target('s3://bucket/two', { client: fs }),
      requires: () => others,
      run: async () => {},
    })
    others.push(one)
    await expect(runTask(one)).rejects.toMatchObject({ code: 'invalid-options' })
  })

  test('with what the task throws, and leaves no output', async () => {
    const fs = client()
    const target = new S3Target('s3://bucket/out', { client: fs })
    const task: Task = {
      output: () => target,
      async run() {
        await using file = target.open('w')
        await file.write('half')
        throw new Error('of the task')
      },
    }
    await expect(runTask(task)).rejects.toThrow('of the task')
    expect(await target.exists()).toBe(false)
  })

  // As Luigi's tasks are made: those with equal parameters are one there.
  test('where tasks that are made anew each time require each other', async () => {
    const fs = client()
    const task = (name: string, other: string): Task => ({
      output: () => new S3Target(`s3://bucket/${name}`, { client: fs }),
      requires: () => task(other, name),
      run: async () => {},
    })
    await expect(runTask(task('one', 'two'))).rejects.toThrow('s3://bucket/one requires itself')
  })

  const target = { path: 'out', exists: async () => false }
  test.each<[string, unknown]>([
    ['no task', undefined],
    ['a class', class {}],
    ['no output', { run: async () => {} }],
    ['a run that is no function', { output: () => target, run: true }],
    ['an output of nothing', { output: () => undefined }],
    ['an empty list of outputs', { output: () => [] }],
    ['an output that is a path', { output: () => 's3://bucket/out' }],
    ['an output that comes later', { output: async () => target }],
    ...[[undefined], 'text', { name: {} }, Promise.resolve([]), 7].map(
      (required): [string, unknown] => [
        `what is required: ${JSON.stringify(required)}`,
        { output: () => target, requires: () => required, run: async () => {} },
      ],
    ),
  ])('by name: %s', async (_, task) => {
    await expect(runTask(task as Task)).rejects.toMatchObject({ code: 'invalid-options' })
  })
})

test('one task may be required without a list', async () => {
  const fs = client()
  const ran: string[] = []
  const base = writing(fs, 'base', ran)
  await runTask({ ...writing(fs, 'top', ran), requires: () => base })
  expect(ran).toEqual(['base', 'top'])
})
