import type { LanePosition } from '../../contracts/index.ts'
import { laneId } from '../../core/lane.ts'
import { iterate } from '../../core/reading.ts'
import { type AuditReport, audit, type Intervals } from '../../sinks/audit/audit.ts'
import type { Random } from './random.ts'
import type { Shard, World } from './shard.ts'
import { type Held, STREAM } from './visible-files.ts'

/** Of the lives: an audit takes a good part of the time of one that is short. */
const AUDITED = 0.25

/** What an audit is to find. */
interface Expected {
  /** What readers see. */
  files: Held[]
  /** Whose records are accounted for: with a manifest, also what it has named once. */
  accounted: readonly Held[]
  /** How far each lane has come, by its word. */
  readonly reaches: ReadonlyMap<string, number>
  readonly removed: number
  readonly missing: string[]
  readonly orphans: string[]
  readonly foreign: string[]
  readonly uploads: string[]
  /** Whether nobody knows where some files end. */
  readonly endless: boolean
}

/**
 * Whether an audit of the bucket tells what is there, neither more nor less: as a life has left it, and again when that was done to it which
 * no sink does.
 */
export async function checkAudit(world: World, shards: readonly Shard[]): Promise<void> {
  const { oracle, store, plan, random } = world
  const { orphans } = oracle.files
  // What compacts may be cut off, and a log in memory be lost before what is stored is named.
  const mayBe = plan.compactRate > 0 || shards.some(({ lost }) => lost > 0)
  if (orphans.length > 0 && !mayBe) oracle.fail(`nobody will ever see ${orphans}`)
  const chosen = random.fork('damage')
  if (!chosen.chance(AUDITED)) return
  const positions: LanePosition[] = []
  for (const shard of shards) {
    for await (const position of iterate(await shard.positions())) positions.push(position)
  }
  const expected = await left(world, positions)
  const check = async (when: string): Promise<void> => {
    const report = await audit({
      ...{ store: store.inner, stream: STREAM, name: plan.name, positions },
    })
    const [found, wanted] = [tellReport(report), tellExpected(expected)]
    const more = found.find((line) => !wanted.includes(line))
    const less = wanted.find((line) => !found.includes(line))
    if (more ?? less) oracle.fail(`an audit ${when} says "${more}" where it is "${less}"`)
  }
  await check('of what is left')
  await damage(world, chosen, expected)
  await check('of what was damaged')
}

async function left(
  { oracle, store, plan }: World,
  positions: readonly LanePosition[],
): Promise<Expected> {
  const { visible, shown, removed, orphans } = oracle.files
  const uploads: string[] = []
  for await (const { key } of store.inner.listMultipart?.('') ?? []) uploads.push(key)
  return {
    files: [...visible],
    accounted: plan.manifest ? shown : visible,
    reaches: new Map(positions.map(({ lane, committed }) => [laneId(lane), committed])),
    removed,
    missing: [],
    orphans: [...orphans],
    foreign: [],
    uploads,
    endless: !plan.manifest,
  }
}

/** Some of what people, and other programs, do to a bucket. */
async function damage({ store, plan }: World, chosen: Random, expected: Expected): Promise<void> {
  const { inner } = store
  // Of what a manifest names it matters that it is there, of everything else that it is listed.
  const isNamed = ({ lane }: Held): boolean => plan.manifest && !lane.endsWith(' rejected')
  const { files } = expected
  if (files.length > 0 && chosen.chance(0.5)) {
    const file = chosen.pick(files)
    const copied = await inner.get(file.key)
    const key = `${file.key}-2`
    await inner.put(key, (await copied?.bytes()) ?? new Uint8Array(), {
      metadata: copied?.metadata,
    })
    if (isNamed(file)) expected.orphans.push(key)
    else expected.files = [...files, { ...file, key }]
  }
  if (files.length > 0 && chosen.chance(0.5)) {
    const file = chosen.pick(files)
    await inner.delete(file.key)
    if (isNamed(file)) expected.missing.push(file.key)
    else {
      expected.files = expected.files.filter((one) => one !== file)
      expected.accounted = expected.files
    }
  }
  if (chosen.chance(0.5)) {
    const key = `${STREAM}/notes.txt`
    await inner.put(key, new Uint8Array(3))
    expected.foreign.push(key)
  }
  if (chosen.chance(0.5) && inner.createMultipart) {
    const key = `${STREAM}/begun`
    await inner.createMultipart(key)
    expected.uploads.push(key)
  }
}

function tellReport(report: AuditReport): string[] {
  const { ok, lanes, removed, missing, orphans, endless, foreign, uploads } = report
  return [
    ...lanes.map(({ lane, files, records, gaps, overlaps }) =>
      tellLane(laneId(lane), files, records, gaps, overlaps),
    ),
    ...tellKeys({ missing: missing.keys, orphans: orphans.keys, foreign: foreign.keys }),
    ...tellKeys({ uploads: uploads?.keys ?? [], endless: endless.keys }),
    `${removed} are removed`,
    `ok: ${ok}`,
  ]
}

function tellExpected(expected: Expected): string[] {
  const { files, accounted, reaches, removed, missing, orphans, foreign, uploads } = expected
  let ok = missing.length === 0
  const endless = expected.endless ? files.filter((one) => one.endless).map(({ key }) => key) : []
  const words = new Set([...[...files, ...accounted].map(({ lane }) => lane), ...reaches.keys()])
  const lanes = [...words].map((word) => {
    const listed = files.filter(({ lane }) => lane === word)
    const reach = reaches.get(word) ?? 0
    const held = expected.endless ? listed.map((one) => seenOf(one, listed, reach)) : listed
    const known = expected.endless ? held : accounted.filter(({ lane }) => lane === word)
    const end = Math.max(reach, ...[...held, ...known].map((one) => one.end))
    const times = (of: readonly Held[], at: number): number =>
      of.filter((one) => one.begin <= at && at < one.end).length
    const gaps = intervals(end, (at) => times(held, at) + times(known, at) === 0)
    const overlaps = intervals(end, (at) => times(held, at) > 1)
    if (gaps.length + overlaps.length > 0) ok = false
    const records = held.reduce((sum, one) => sum + one.end - one.begin, 0)
    return tellLane(word, held.length, records, gaps, overlaps)
  })
  return [
    ...lanes,
    ...tellKeys({ missing, orphans, foreign, uploads, endless }),
    `${removed} are removed`,
    `ok: ${ok}`,
  ]
}

/** What a listing shows of a file that does not say where it ends. */
function seenOf(file: Held, listed: readonly Held[], reach: number): Held {
  if (!file.endless) return file
  const { begin } = file
  const others = listed.filter((one) => one !== file)
  const isTwice = others.some((one) =>
    one.endless ? one.begin === begin : one.begin <= begin && begin < one.end,
  )
  const next = [...others.map((one) => one.begin), reach].filter((at) => at > begin)
  const isKnown = !isTwice && next.length > 0
  return { ...file, end: isKnown ? Math.min(...next) : begin + 1 }
}

function tellLane(
  word: string,
  files: number,
  records: number,
  gaps: Intervals,
  overlaps: Intervals,
): string {
  return `lane "${word}" has ${files} files, ${records} records, gaps ${JSON.stringify(gaps)}, overlaps ${JSON.stringify(overlaps)}`
}

function tellKeys(found: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(found).map(([name, keys]) => `${name}: ${[...keys].sort()}`)
}

/** The positions before `end` of which it is so. */
function intervals(end: number, isSo: (at: number) => boolean): Intervals {
  const all: [number, number][] = []
  for (let at = 0; at < end; at++) {
    if (!isSo(at)) continue
    const last = all.at(-1)
    if (last?.[1] === at) last[1]++
    else all.push([at, at + 1])
  }
  return all
}
