import type { MemoryCapabilities } from '../../stores/memory-capabilities.ts'
import type { Random } from './random.ts'

/** What a seed makes of one run: the sinks, what the bucket can do, and how often what goes wrong. */
export interface Plan {
  readonly shards: number
  readonly producers: number
  readonly writes: number
  /** Whether writes have so many records that these are a block in the log. */
  readonly manyRecords: boolean
  readonly capabilities: MemoryCapabilities
  /** Whether a manifest makes files visible, and whether all of them at the end of a run. */
  readonly manifest: boolean
  readonly run: boolean
  /** Whether a run is closed now and then while its producer lives, who goes on in the next one of that name. */
  readonly isRunAgain: boolean
  readonly partition: boolean
  readonly name: string | undefined
  readonly records: number | undefined
  readonly bytes: number | undefined
  readonly ageMs: number
  /** How long a producer waits before it writes again, at most; `undefined`: `ageMs`. */
  readonly thinkMs: number | undefined
  readonly idleMs: number | undefined
  readonly everyMs: number | undefined
  readonly maxOpenFiles: number
  /** Whether columns are declared, others by every second process, and what becomes of records that have more. */
  readonly columns: 'reject' | 'rest' | 'evolve' | undefined
  readonly maxPendingBytes: number
  /** Whether the log is files on a disk, and about how large one of them becomes; else each call of it is an atom. */
  readonly disk: boolean
  /** Whether the log is lost with its machine, and may give up records before their file is cut: whose names then leave that open. */
  readonly memory: boolean
  /** Whether the columns of a file in a life with a log in memory are fixed when it is begun. */
  readonly csv: boolean
  /** Of so many rows each a file's rows are gathered into groups; `undefined`: each is written as it comes. */
  readonly groupRows: number | undefined
  readonly segmentBytes: number
  /** Of a call of the disk, or of the log. */
  readonly logFailureRate: number
  /** Of a call of the store. */
  readonly faultRate: number
  /** Of a step. */
  readonly killRate: number
  readonly jumpRate: number
  readonly outageRate: number
  readonly expiryRate: number
  /** Times `killRate`: a successor is started beside one that lives. */
  readonly zombieRate: number
  /** Of a write: a call of flush, close or explain after it. */
  readonly flushRate: number
  /** Of a step, where there is a manifest: something begins to put files together, or to delete those that were. */
  readonly compactRate: number
  /** How the last records become visible. */
  readonly drain: 'close' | 'flush' | 'idle'
}

export const MAX_RECORD_BYTES = 300
export const MAX_BATCH_RECORDS = 6
export const MANY_RECORDS = [8, 40] as const

/** A sink takes as much memory as one body may have, where it may not send parts. */
const MAX_PUT_BYTES = 32 * 1024

const NAMES = [
  undefined,
  undefined,
  '{stream}/{partition}/h={hour}/{shard}-{schema}-{begin:19}-{end:19}.{ext}',
  '{stream}/{partition}/{uuid}.{ext}',
]

/** Nothing goes wrong by itself: for a run that is killed at a chosen step. */
export const PLAIN: Plan = {
  ...{ shards: 1, producers: 1, writes: 2, partition: true, name: undefined },
  capabilities: {
    maxPutBytes: MAX_PUT_BYTES,
    multipart: { minPartBytes: 64, maxPartBytes: 256 },
    conditionalPut: true,
  },
  ...{ records: 8, bytes: undefined, ageMs: 10_000, thinkMs: undefined, maxPendingBytes: 4000 },
  ...{ idleMs: undefined, everyMs: undefined, maxOpenFiles: 1000, columns: undefined },
  ...{
    manifest: false,
    run: false,
    isRunAgain: false,
    disk: true,
    memory: false,
    csv: false,
    groupRows: undefined,
    segmentBytes: 2000,
    logFailureRate: 0,
  },
  ...{ faultRate: 0, killRate: 0, jumpRate: 0, outageRate: 0, expiryRate: 0, zombieRate: 0 },
  ...{ flushRate: 0, drain: 'idle', manyRecords: false, compactRate: 0 },
}

/** Most bugs need little of a life, and a life that is short is over soon; some need several shards, or much that was before. */
const SHORT_LIVES = 0.9

/** Of the lives: those with a log in memory. */
const IN_MEMORY = 0.09

export function planOf(random: Random): Plan {
  const plan = ofAnyLog(random)
  const inMemory = random.fork('memory')
  return inMemory.chance(IN_MEMORY) ? withMemory(plan, inMemory) : plan
}

/** Little fits into its log, so that most files are begun before they are cut. */
function withMemory(plan: Plan, random: Random): Plan {
  const { multipart } = plan.capabilities
  const csv = random.chance(0.5)
  return {
    ...plan,
    partition: random.chance(0.4),
    writes: random.between(3, 8),
    records: random.chance(0.4) ? random.between(5, 30) : undefined,
    ...(random.chance(0.2) && gathering(plan, random)),
    ...{ disk: false, memory: true, csv },
    columns: csv ? undefined : plan.columns,
    capabilities: {
      ...plan.capabilities,
      multipart: multipart || { minPartBytes: 64, maxPartBytes: 128 },
    },
    name: '{stream}/{partition}/{uuid}.{ext}',
    maxPendingBytes: random.pick([600, 1000, 1500]),
    bytes: undefined,
    // A run is somebody's who can do it again.
    ...{ run: false, isRunAgain: false, compactRate: 0, manyRecords: false },
    drain: random.pick(['close', 'flush', 'idle']),
  }
}

/** Its files grow often, with what several write, and requests fail more than processes. */
function gathering({ killRate, expiryRate }: Plan, random: Random): Partial<Plan> {
  return {
    ...{ groupRows: random.between(3, 12), partition: false },
    records: random.chance(0.5) ? random.between(10, 40) : undefined,
    ...{ producers: 4, writes: random.between(8, 16), maxOpenFiles: 1000 },
    ...{ ageMs: 60_000, thinkMs: 300, idleMs: undefined, everyMs: undefined },
    faultRate: random.fraction() * 0.5,
    ...{ killRate: killRate / 8, flushRate: random.fraction() * 0.4, expiryRate: expiryRate / 8 },
    outageRate: 0,
  }
}

function ofAnyLog(random: Random): Plan {
  const short = random.chance(SHORT_LIVES)
  const often = (rate: number): number => (random.chance(0.6) ? random.fraction() * rate : 0)
  const partBytes = random.pick([64, 200, 500])
  const conditionalPut = random.chance(0.85)
  const manifest = conditionalPut && random.chance(0.25)
  const run = manifest && random.chance(0.3)
  const isRunAgain = run && random.chance(0.7)
  return {
    shards: short ? 1 : random.pick([1, 1, 1, 1, 2, 3]),
    // Of several, one that has nothing new would lose what it had: it makes room for what another writes.
    producers: isRunAgain ? 1 : random.between(1, 2),
    writes: short && !isRunAgain ? random.between(1, 2) : random.between(2, 4),
    capabilities: {
      maxPutBytes: MAX_PUT_BYTES,
      conditionalPut,
      conditionalComplete: conditionalPut && random.chance(0.7),
      listUploads: random.chance(0.7),
      multipart: random.chance(0.85) && {
        minPartBytes: partBytes,
        maxPartBytes: partBytes * random.pick([1, 2]),
        equalParts: random.chance(0.4),
      },
    },
    manifest,
    run,
    isRunAgain,
    partition: random.chance(0.6),
    name: random.pick(NAMES),
    records: random.chance(0.6) ? random.between(2, 20) : undefined,
    bytes: random.chance(0.3) ? random.between(300, 2000) : undefined,
    ageMs: random.between(100, 60_000),
    thinkMs: undefined,
    idleMs: random.chance(0.3) ? random.between(100, 20_000) : undefined,
    everyMs: random.chance(0.2) ? random.between(1000, 60_000) : undefined,
    maxOpenFiles: random.pick([1, 2, 1000, 1000]),
    columns: random.pick([undefined, undefined, 'reject', 'rest', 'evolve']),
    maxPendingBytes: random.pick([1500, 4000, 100_000]),
    disk: random.chance(0.7),
    ...{ memory: false, csv: false, groupRows: undefined },
    segmentBytes: random.pick([500, 2000, 20_000]),
    logFailureRate: random.chance(0.2) ? 0.01 : 0,
    faultRate: often(0.4),
    // As much befalls a short life.
    killRate: often(short ? 0.03 : 0.015),
    jumpRate: often(short ? 0.02 : 0.01),
    outageRate: often(short ? 0.01 : 0.005),
    expiryRate: often(short ? 0.04 : 0.02),
    zombieRate: often(0.6),
    flushRate: run ? Number(isRunAgain) / 2 : often(0.5),
    drain: run ? 'close' : random.pick(['close', 'flush', 'idle']),
    // What a run that goes on may lose is seldom seen: its lives stay small.
    manyRecords: !isRunAgain && random.chance(0.05),
    compactRate: manifest && random.chance(0.4) ? random.fraction() * 0.05 : 0,
  }
}
