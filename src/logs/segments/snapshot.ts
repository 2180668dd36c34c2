import type {
  Bytes,
  CommittedFile,
  Lane,
  PendingFile,
  ProducerStep,
} from '../../contracts/index.ts'
import { fromUtf8, utf8 } from '../../core/bytes.ts'
import type { RunRanges } from '../producers.ts'
import { boundedPayload } from './frames.ts'
import type { Ledger } from './ledger.ts'
import type { SegmentName } from './names.ts'
import type { Block, Segment } from './segment.ts'

/**
 * What a ledger knows, as the entries of `state` frames. Segments, encodings and lanes come before what names them, by their
 * place among those of their kind.
 */
type Entry =
  | readonly ['segment', SegmentName]
  | readonly ['encoding', string]
  | readonly ['lane', Lane, begin: number, end: number, bytes: number, encoding: number]
  /** Six numbers for each: rows, bytes, atMs, segment, offset, length. The rows follow one another. */
  | readonly ['blocks', lane: number, first: number, readonly number[]]
  | readonly ['sealed', encoding: number, Omit<PendingFile, 'encoding'>]
  | readonly ['committed', CommittedFile]
  /** One for each answer that is remembered, a producer's in order. `runs` stands in the last one, if an earlier release has not left it out. */
  | readonly ['producer', ProducerStep, atMs: number, answer: string, runs?: RunRanges | null]

/** About the length of a `state` frame. One entry may be longer. */
const FRAME_LENGTH = 256 * 1024
const BLOCKS_IN_ENTRY = 1000
const NUMBERS_OF_BLOCK = 6

/** The payloads of the `state` frames. `placeOf` says where a block will lie once the new segment is whole. */
export function* snapshotOf(
  ledger: Ledger,
  placeOf: (block: Block) => Pick<Block, 'segment' | 'offset'>,
): Generator<Bytes, void, undefined> {
  let entries: string[] = []
  let length = 0
  for (const entry of entriesOf(ledger, placeOf)) {
    const text = JSON.stringify(entry)
    entries.push(text)
    length += text.length
    if (length < FRAME_LENGTH) continue
    yield statePayload(entries)
    entries = []
    length = 0
  }
  if (entries.length > 0) yield statePayload(entries)
}

function statePayload(entries: readonly string[]): Bytes {
  return boundedPayload(utf8(`[${entries.join(',')}]`))
}

function* entriesOf(
  ledger: Ledger,
  placeOf: (block: Block) => Pick<Block, 'segment' | 'offset'>,
): Generator<Entry, void, undefined> {
  const segments = numbering<Segment>()
  const encodings = numbering<string>()
  const { lanes, sealed, producers } = ledger
  for (const { lane, begin, end, bytes, encoding } of lanes) {
    if (encodings.isNew(encoding)) yield ['encoding', encoding]
    yield ['lane', lane, begin, end, bytes, encodings.of(encoding)]
  }
  for (const { number, blocks } of lanes) {
    for (let from = 0; from < blocks.length; from += BLOCKS_IN_ENTRY) {
      const some = blocks.slice(from, from + BLOCKS_IN_ENTRY)
      const numbers: number[] = []
      for (const block of some) {
        const { segment, offset } = placeOf(block)
        if (segments.isNew(segment)) yield ['segment', segment.name]
        const rows = block.next - block.first
        numbers.push(rows, block.bytes, block.atMs, segments.of(segment), offset, block.length)
      }
      yield ['blocks', number, some[0]?.first ?? 0, numbers]
    }
  }
  for (const { encoding, file } of sealed.values()) {
    if (encodings.isNew(encoding)) yield ['encoding', encoding]
    yield ['sealed', encodings.of(encoding), file]
  }
  for (const { committed } of lanes) for (const file of committed) yield ['committed', file]
  for (const [id, { window, atMs }] of producers) {
    const { epoch, answers, runs } = window
    let seq = window.seq - answers.length
    for (const { hash, text } of answers) {
      const step = { id, epoch, seq: ++seq, hash }
      yield seq < window.seq ? ['producer', step, atMs, text] : ['producer', step, atMs, text, runs]
    }
  }
}

/** Takes in the `state` frames of one snapshot, in order. */
export function snapshotReader(
  ledger: Ledger,
  segmentOf: (name: SegmentName) => Segment,
): (payload: Bytes) => void {
  const segments: Segment[] = []
  const encodings: string[] = []
  const take = (entry: Entry): void => {
    switch (entry[0]) {
      case 'segment':
        segments.push(segmentOf(entry[1]))
        return
      case 'encoding':
        encodings.push(entry[1])
        return
      case 'lane': {
        const [, lane, begin, end, bytes, encoding] = entry
        Object.assign(ledger.addLane(lane), { begin, end, bytes, encoding: encodings[encoding] })
        return
      }
      case 'blocks':
        takeBlocks(ledger, segments, entry)
        return
      case 'sealed': {
        const [, encoding, file] = entry
        const lane = ledger.find(file.lane)
        if (!lane) return
        const text = encodings[encoding] as string
        ledger.addSealed({ lane, encoding: text, file: { ...file, lane: lane.lane } })
        return
      }
      case 'committed': {
        const lane = ledger.find(entry[1].lane)
        lane?.committed.push({ ...entry[1], lane: lane.lane })
        return
      }
      case 'producer': {
        const [, step, atMs, answer, runs] = entry
        ledger.addAnswer(step, atMs, answer, runs ?? undefined)
      }
    }
  }
  return (payload) => {
    for (const entry of JSON.parse(fromUtf8(payload)) as Entry[]) take(entry)
  }
}

function takeBlocks(
  ledger: Ledger,
  segments: readonly Segment[],
  [, number, begin, numbers]: Entry & readonly ['blocks', ...unknown[]],
): void {
  const lane = ledger.lanes[number]
  if (!lane) return
  let first = begin
  for (let i = 0; i < numbers.length; i += NUMBERS_OF_BLOCK) {
    const [rows, bytes, atMs, segment, offset, length] = numbers.slice(i, i + NUMBERS_OF_BLOCK) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    const next = first + rows
    const place = { segment: segments[segment] as Segment, offset, length }
    ledger.addBlock(lane, { first, next, bytes, atMs, ...place })
    first = next
  }
}

/** Numbers values in the order in which they are first asked about. */
function numbering<T>(): { isNew(value: T): boolean; of(value: T): number } {
  const numbers = new Map<T, number>()
  return {
    isNew(value) {
      if (numbers.has(value)) return false
      numbers.set(value, numbers.size)
      return true
    },
    of: (value) => numbers.get(value) as number,
  }
}
