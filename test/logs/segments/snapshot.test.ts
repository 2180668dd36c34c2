import { expect, test } from 'vitest'
import { fromUtf8, utf8 } from '../../../src/core/bytes.ts'
import { encodingText } from '../../../src/logs/encodings.ts'
import { Ledger } from '../../../src/logs/segments/ledger.ts'
import { snapshotOf, snapshotReader } from '../../../src/logs/segments/snapshot.ts'
import { AT_MS, LANE, OF_RUN, step } from '../../../src/testing/log-cases/tools.ts'

/** What a ledger knows of its producers once it was written and read. */
function reread(ledger: Ledger, change = (text: string): string => text) {
  const read = new Ledger()
  const take = snapshotReader(read, () => {
    throw new Error('there are no blocks')
  })
  for (const payload of snapshotOf(ledger, (block) => block)) {
    take(utf8(change(fromUtf8(payload))))
  }
  return read
}

function appended(ledger: Ledger, seq: number): Ledger {
  const [lane, encoding] = [ledger.lanes.length, encodingText(OF_RUN)]
  const name = lane === 0 ? LANE : undefined
  const part = { lane: 0, name, encoding, bytes: 0, rows: [] }
  ledger.append({ kind: 'append', parts: [part], atMs: AT_MS, producer: step(seq) }, [])
  return ledger
}

const RANGE = { lane: LANE, begin: 0, end: 0 }

test('a snapshot knows what a producer brought for runs', () => {
  const ledger = appended(appended(new Ledger(), 0), 1)
  const known = [{ id: step(0).id, epoch: 0, ranges: [RANGE, RANGE] }]
  expect(reread(ledger).producerRuns()).toEqual(known)
})

test('of an epoch that an older release has kept nobody knows it, also later', () => {
  const ledger = appended(appended(new Ledger(), 0), 1)
  const older = (text: string): string => {
    const entries = JSON.parse(text) as unknown[][]
    return JSON.stringify(
      entries.map((entry) => (entry[0] === 'producer' ? entry.slice(0, 4) : entry)),
    )
  }
  const unknown = [{ id: step(0).id, epoch: 0, ranges: undefined }]
  const read = reread(ledger, older)
  expect(read.producerRuns()).toEqual(unknown)
  expect(reread(appended(read, 2)).producerRuns()).toEqual(unknown)
})
