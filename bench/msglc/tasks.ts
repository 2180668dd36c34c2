/** What is timed, each in a process of its own. */
export const TASKS = ['write', 'value', 'values', 'slice', 'everything'] as const
export type Task = (typeof TASKS)[number]

export interface Measured {
  readonly seconds: number
  /** Of processor time, of the process itself: the server's is its own. */
  readonly cpuSeconds: number
  readonly requests: number
  /** Of bodies, in both directions, as the server counted them. */
  readonly bytes: number
  /** The bytes or letters of what was read or written, so that nobody wins by doing less. */
  readonly seen: number
  /** Of the whole file. */
  readonly fileBytes: number
  /** The most memory that the process had, itself, its interpreter and all. */
  readonly peakRssBytes: number
}

export interface Ours extends Measured {
  /** Of the file's table of contents. */
  readonly tocBytes: number
  /** With `--held`: the most that array buffers held, collected before each look. */
  readonly heldBytes?: number
  /** With `--profile`. */
  readonly profile?: readonly string[]
}

export const HEADER_BYTES = 50
export const VALUES = 100
export const SLICE = 100
export const PART_BYTES: number = 8 * 1024 ** 2
export const CONCURRENCY = 4
export const CREDENTIALS = { accessKeyId: 'key', secretAccessKey: 'secret' }
export const BUCKET = 'bench'
/** Of a few records, for what is done once: connections, compilers. */
export const WARM_UP_RECORDS = 64
