import {
  CONCURRENCY,
  HEADER_BYTES,
  type Measured,
  type Ours,
  PART_BYTES,
  TASKS,
  type Task,
  VALUES,
} from './tasks.ts'
import { TEXT_BYTES } from './value.ts'

export interface Verdict {
  readonly measure: string
  readonly value: number
  readonly most: number
  readonly met: boolean
  /** Whose profile tells why. */
  readonly task: Task
}

const MOST_REQUESTS = 3
const MOST_OF_NEEDED = 1.1
/** What was encoded last, and lies in sockets. */
const UNDER_WAY_BYTES = 2 ** 20
const MOST_OF_PYTHON = { read: 0.5, write: 1 }

/** What was asked for, of the medians of each task. Without Python's, its rows are missing. */
export function verdictsOf(
  ours: Readonly<Record<Task, Ours>>,
  pythons: Readonly<Record<Task, Measured>> | undefined,
  heldBytes: number,
): readonly Verdict[] {
  const { value, values, write } = ours
  const beside = values.bytes - HEADER_BYTES - values.tocBytes
  const bound = (CONCURRENCY + 1) * PART_BYTES + write.tocBytes + UNDER_WAY_BYTES
  const found = [
    {
      task: 'value',
      measure: 'requests for one value',
      value: value.requests,
      most: MOST_REQUESTS,
    },
    {
      task: 'values',
      measure: `bytes for ${VALUES} values, of theirs`,
      value: beside / (VALUES * TEXT_BYTES),
      most: MOST_OF_NEEDED,
    },
    {
      task: 'write',
      measure: 'held while writing, of the bound',
      value: heldBytes / bound,
      most: 1,
    },
    ...TASKS.flatMap((task) => {
      const python = pythons?.[task]
      if (!python) return []
      const most = task === 'write' ? MOST_OF_PYTHON.write : MOST_OF_PYTHON.read
      const ratio = ours[task].seconds / python.seconds
      return [{ task, measure: `seconds of ${task}, of Python's`, value: ratio, most }]
    }),
  ] as const
  return found.map((verdict) => ({ ...verdict, met: verdict.value <= verdict.most }))
}
