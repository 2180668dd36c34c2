import type {
  Bytes,
  Chunk,
  EncoderCheckpoint,
  EncoderOptions,
  Format,
  Row,
  Schema,
} from '../../contracts/index.ts'
import { concatBytes } from '../../core/bytes.ts'
import { check, checkBytes, checkEqual, checkRejects } from '../check.ts'
import { type Case, checkRows, encode, end, MANY, manyRows, SAMPLES, SCHEMA } from './tools.ts'

/** What `checkpoint()` and `from` promise, and the refusal of formats without them. */
export const checkpointCases: Readonly<Record<string, Case>> = {
  'goes on from a checkpoint, wherever it was taken': async ({ create }) => {
    if (!create().encoder().checkpoint) return
    const files: [readonly Row[][], Schema | undefined][] = [
      [inBatches(manyRows(1000), 130), MANY],
      [inBatches(manyRows(1000), 130), undefined],
      [inBatches(SAMPLES, 1), SCHEMA],
      [inBatches(SAMPLES, 4), undefined],
    ]
    for (const [batches, schema] of files) {
      const expected = await encode(create(), batches, schema)
      for (let cut = 0; cut <= batches.length; cut++) {
        // Twice, so that one that went on is gone on with.
        const [first, from] = await encodeUntil(create(), batches, cut, { schema })
        const [second, then] = await encodeUntil(create(), batches, cut + 2, { schema, from })
        const third = await encodeFrom(create(), batches.flat(), { schema, from: then })
        const middle = second.subarray(0, (then?.bytes ?? 0) - (from?.bytes ?? 0))
        const file = concatBytes([first.subarray(0, from?.bytes ?? 0), middle, third])
        checkBytes(file, expected, `the file that was cut after ${cut} writes`)
      }
    }
  },

  'gives out all that it holds back when it is asked to': async ({ create }) => {
    if (!create().encoder().pause) return
    const rows = manyRows(1000)
    for (const schema of [MANY, undefined]) {
      for (const cut of [0, 1, 130, 1000]) {
        const encoder = create().encoder({ schema })
        const chunks = [...(await encoder.write(rows.slice(0, cut)))]
        chunks.push(...((await encoder.pause?.()) ?? []))
        check(encoder.bufferedBytes === 0, 'nothing is held back')
        const before = concatBytes(chunks)
        const from = encoder.checkpoint?.()
        const rest = await end(encoder, await encoder.write(rows.slice(cut)))
        if (cut > 0) checkEqual([from?.rows, from?.bytes], [cut, before.byteLength], 'the place')
        // What goes on from there writes what the first one writes behind it.
        const file = concatBytes([before, await encodeFrom(create(), rows, { schema, from })])
        checkBytes(file, concatBytes([before, rest]), `the file that was paused after ${cut} rows`)
      }
    }
  },

  'has what ends the file at a checkpoint': async ({ create, read }) => {
    if (!create().encoder().checkpoint) return
    const rows = manyRows(1000)
    for (const cut of [1, 4, 8]) {
      const [bytes, from] = await encodeUntil(create(), inBatches(rows, 130), cut, { schema: MANY })
      if (!from) continue
      const ended = await end(create().encoder({ schema: MANY, from }), [])
      const file = concatBytes([bytes.subarray(0, from.bytes), ended])
      checkRows(await read(file, MANY), rows.slice(0, from.rows))
    }
  },

  'refuses a checkpoint that it cannot go on from': async ({ create }) => {
    const [, own] = await encodeUntil(create(), [manyRows(1000)], 1, { schema: MANY })
    const { state = '{}' } = own ?? {}
    const states = ['', '{}', '~', 'null', state.replace('sluice version', 'sluice Version')]
    if (own) states.push(state.slice(0, -1), state.slice(0, state.length / 2), `${state}}`)
    const refused = { rows: 1000, bytes: 1000 }
    for (const wrong of states) {
      if (wrong === own?.state) continue
      const encoder = async (): Promise<unknown> =>
        create().encoder({ schema: MANY, from: { ...refused, state: wrong } })
      await checkRejects(encoder(), 'not-supported', `an encoder from ${wrong.slice(0, 20)}`)
    }
    for (const schema of own ? [SCHEMA, undefined] : []) {
      const encoder = async (): Promise<unknown> => create().encoder({ schema, from: own })
      await checkRejects(
        encoder(),
        'not-supported',
        'an encoder from a checkpoint of other columns',
      )
    }
  },
}

function inBatches(rows: readonly Row[], size: number): Row[][] {
  const batches: Row[][] = []
  for (let at = 0; at < rows.length; at += size) batches.push(rows.slice(at, at + size))
  return batches
}

/** What an encoder gives of the first batches, from a checkpoint on, and where it can be gone on with then. */
async function encodeUntil(
  format: Format,
  batches: readonly Row[][],
  until: number,
  options: EncoderOptions,
): Promise<[Bytes, EncoderCheckpoint | undefined]> {
  const encoder = format.encoder(options)
  const chunks: Chunk[] = []
  let left = options.from?.rows ?? 0
  for (const rows of batches.slice(0, until)) {
    chunks.push(...(await encoder.write(rows.slice(left))))
    left = Math.max(0, left - rows.length)
  }
  const found = encoder.checkpoint?.()
  await encoder.close()
  if (!found) return [concatBytes(chunks), options.from]
  const bytes = concatBytes(chunks)
  check(
    found.bytes - (options.from?.bytes ?? 0) <= bytes.byteLength,
    'a checkpoint lies behind what was given out',
  )
  return [bytes, JSON.parse(JSON.stringify(found)) as EncoderCheckpoint]
}

async function encodeFrom(
  format: Format,
  rows: readonly Row[],
  options: EncoderOptions,
): Promise<Bytes> {
  const encoder = format.encoder(options)
  return end(encoder, await encoder.write(rows.slice(options.from?.rows ?? 0)))
}
