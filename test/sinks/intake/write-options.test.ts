import { expect, test } from 'vitest'
import type { SinkWriteOptions } from '../../../src/contracts/index.ts'
import { bench } from '../harness.ts'

const refused = { index: 0, code: 'invalid-record', path: '', message: 'no', raw: 'x' }

// What TypeScript refuses, from code that has none.
test.each([
  ['producer', { producer: {} }],
  ['producer', { producer: null }],
  ['producer', { producer: 'job' }],
  ['producer', { producer: { id: 5, epoch: 0, seq: 0 } }],
  ['producer', { producer: { id: '', epoch: 0, seq: 0 } }],
  ['producer', { producer: { id: 'x'.repeat(201), epoch: 0, seq: 0 } }],
  ['producer', { producer: { id: 'p', epoch: '0', seq: 0 } }],
  ['producer', { producer: { id: 'p', epoch: 0, seq: 0.5 } }],
  ['refused', { refused: refused }],
  ['refused', { refused: [null] }],
  ['refused', { refused: [{}] }],
  ['refused', { refused: [{ ...refused, index: -1 }] }],
  ['refused', { refused: [{ ...refused, path: undefined }] }],
  ['refused', { refused: [{ ...refused, exact: 5 }] }],
  ['options', null],
  ['options', 5],
])(
  'a write with a wrong %s is refused by its name, and keeps nothing: %j',
  async (name, options) => {
    const { sink } = bench()
    await expect(
      sink.write([{ id: 1 }], options as unknown as SinkWriteOptions),
    ).rejects.toMatchObject({
      code: 'invalid-options',
      message: expect.stringContaining(`write(): ${name}`),
    })
    expect(await sink.close()).toMatchObject({ accepted: 0, rejected: 0, fileCount: 0 })
  },
)

test.each([5, null, undefined, {}])('%j is no id of a receipt', async (id) => {
  const { sink } = bench()
  expect(() => sink.receipt(id as unknown as string)).toThrow(
    expect.objectContaining({
      code: 'invalid-options',
      message: expect.stringContaining('receipt()'),
    }),
  )
  await sink.close()
})
