import { fromUtf8 } from '../../core/bytes.ts'
import { SluiceError } from '../../core/errors.ts'
import { emptySegmentBytes, VERSION } from './begin-segment.ts'
import type { Change } from './changes.ts'
import { type BlockPlace, Ledger } from './ledger.ts'
import type { LogFiles } from './log-files.ts'
import { epochsIn, epochText, type SegmentName, segmentsIn, segmentText } from './names.ts'
import { type Frame, isDamaged, scanFrames } from './scan.ts'
import { type Block, damaged, Segment } from './segment.ts'
import { snapshotReader } from './snapshot.ts'

/** A log as it was found. */
export interface Recovered {
  readonly ledger: Ledger
  /** That hold rows, and the one that the ledger was read from. */
  readonly segments: ReadonlySet<Segment>
  /** Whether the block may be in the system's cache alone, where no later owner may leave it. */
  isUnsure(block: Block): boolean
}

/**
 * Makes this the log's owner, and answers with its number. Whoever had a lower one finds that out before it acknowledges anything
 * that is not read here afterwards. Throws `not-supported`, and changes nothing, for a log of a newer version.
 */
export async function takeEpoch(files: LogFiles): Promise<number> {
  for (;;) {
    const names = await files.list()
    await checkVersion(files, names)
    const epoch = Math.max(0, segmentsIn(names)[0]?.epoch ?? 0, ...epochsIn(names)) + 1
    // Of two that come at once one takes the next number, and fences the other.
    if (!(await files.create(epochText(epoch)))) continue
    await files.sync()
    return epoch
  }
}

/**
 * Reads the newest segment that is whole to its `ready`: all that the log knew stands there. One that is not was left by an owner
 * that stopped while it began it, and had acknowledged nothing from it.
 *
 * Errors: `checksum-mismatch` where something is missing, or reads otherwise than it was written, that had been made durable.
 */
export async function recover(files: LogFiles): Promise<Recovered> {
  const names = segmentsIn(await files.list())
  for (const name of names) {
    const recovered = await replay(files, name, names)
    if (recovered) return recovered
  }
  await checkNothingKept(files, names)
  return { ledger: new Ledger(), segments: new Set(), isUnsure: () => false }
}

/** Of segments none of which is whole: refuses more than an empty log begins with, whose owner could not acknowledge anything yet. */
export async function checkNothingKept(
  files: LogFiles,
  names: readonly SegmentName[],
): Promise<void> {
  for (const name of names) {
    if ((await sizeOf(files, name)) > emptySegmentBytes()) throw damaged(name, 0)
  }
}

async function replay(
  files: LogFiles,
  name: SegmentName,
  names: readonly SegmentName[],
): Promise<Recovered | undefined> {
  const { ledger, segment, segments, isReady, unsureFrom } = await readLedger(files, name)
  if (!isReady) {
    await segment.close()
    return undefined
  }
  const there = new Set(names.map(segmentText))
  for (const [text, other] of segments) {
    // Committed since the segment began, and removed perhaps before its owner ended.
    if (other !== segment && other.liveBytes === 0) {
      segments.delete(text)
      continue
    }
    if (!there.has(text)) throw damaged(other.name, 0)
    other.sizeBytes = (await other.file()).sizeBytes
  }
  return {
    ledger,
    segments: new Set(segments.values()),
    isUnsure: (block) => block.segment === segment && block.offset >= unsureFrom,
  }
}

/** What one segment says. */
export interface LedgerRead {
  readonly ledger: Ledger
  /** The one that was read. It is open. */
  readonly segment: Segment
  /** With those that hold the rows, which were not looked at. */
  readonly segments: Map<string, Segment>
  /** Whether it is whole up to its `ready`: else it says nothing. */
  readonly isReady: boolean
  /** Where its last group begins. */
  readonly unsureFrom: number
}

/** Reads one segment from its beginning to its last whole frame. Throws `checksum-mismatch` where more had been made durable. */
export async function readLedger(files: LogFiles, name: SegmentName): Promise<LedgerRead> {
  const segment = new Segment(files, name)
  try {
    return await ledgerOf(files, segment)
  } catch (error) {
    await segment.close().catch(() => {})
    throw error
  }
}

async function ledgerOf(files: LogFiles, segment: Segment): Promise<LedgerRead> {
  const { name } = segment
  const segments = new Map([[segmentText(name), segment]])
  const ledger = new Ledger()
  const takeState = snapshotReader(ledger, (other) => {
    const known = segments.get(segmentText(other)) ?? new Segment(files, other)
    segments.set(segmentText(other), known)
    return known
  })
  let places: BlockPlace[] = []
  let isReady = false
  let unsureFrom = 0
  const take = ({ type, offset, byteLength, payload }: Frame): void => {
    switch (type) {
      case 'header':
        checkHeader(payload)
        return
      case 'block':
        places.push({ segment, offset, length: byteLength })
        return
      case 'state':
        takeState(payload)
        return
      case 'ready':
        isReady = true
        places = []
        return
      case 'group':
        unsureFrom = offset
        return
      case 'change':
        ledger.apply(JSON.parse(fromUtf8(payload)) as Change, places)
        places = []
    }
  }
  const file = await segment.file()
  segment.sizeBytes = file.sizeBytes
  const frames = scanFrames(file, name)
  let next = await frames.next()
  for (; !next.done; next = await frames.next()) take(next.value)
  const end = next.value
  if (end < file.sizeBytes && (await isDamaged(file, name, end))) throw damaged(name, end)
  return { ledger, segment, segments, isReady, unsureFrom }
}

async function sizeOf(files: LogFiles, name: SegmentName): Promise<number> {
  const segment = new Segment(files, name)
  const { sizeBytes } = await segment.file()
  await segment.close()
  return sizeBytes
}

async function checkVersion(files: LogFiles, names: readonly string[]): Promise<void> {
  const [name] = segmentsIn(names)
  if (!name) return
  const segment = new Segment(files, name)
  const { value } = await scanFrames(await segment.file(), name).next()
  await segment.close()
  if (typeof value === 'object' && value.type === 'header') checkHeader(value.payload)
}

function checkHeader(payload: Frame['payload']): void {
  const { version } = JSON.parse(fromUtf8(payload)) as { readonly version: number }
  if (version > VERSION) {
    throw new SluiceError(
      'not-supported',
      `This log was written by a newer Sluice (version ${version} of its segments; this one knows ${VERSION})`,
    )
  }
}
