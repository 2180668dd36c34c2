import { describe, expect, test } from 'vitest'
import { toHex } from '../../../src/core/bytes.ts'
import { encodeMsglc } from '../../../src/formats/msglc/encode.ts'
import type { MsglcOptions } from '../../../src/formats/msglc/options.ts'
import { innerSourced } from './tools.ts'

const MAGIC = `${'00'.repeat(20)}6d73676c632d32303234`
const tiny: MsglcOptions = { smallBytes: 2, trivialBytes: 2 }

/** Files that Python's msglc writes, field by field: payload's length, table's length, payload, table. */
const examples: [string, unknown, MsglcOptions, string[]][] = [
  [
    'a small map',
    { hello: 'world' },
    {},
    ['0000000000000000000d', '00000000000000000006', '81a568656c6c6fa5776f726c64', '81a17092000d'],
  ],
  [
    'the same in CBOR',
    { hello: 'world' },
    { codec: 'cbor' },
    ['0d000000000000000000', '06000000000000000000', 'a16568656c6c6f65776f726c64', 'a1617082000d'],
  ],
  ['nothing', null, {}, ['00000000000000000001', '00000000000000000006', 'c0', '81a170920001']],
  [
    'a list of lists, one of them in blocks',
    [
      [1, 1],
      [2, 2, 2, 2, 2],
    ],
    tiny,
    [
      '0000000000000000000a',
      '0000000000000000001f',
      '92920101950202020202',
      '82a17092000aa1749281a17092010481a1709393020507930207099301090a',
    ],
  ],
  [
    'maps in maps',
    { a: { aa: Array(10).fill(2) }, b: 2 },
    tiny,
    [
      '00000000000000000015',
      '00000000000000000037',
      `82a16181a261619a${'02'.repeat(10)}a16202`,
      '82a170920015a17482a16182a170920312a17481a2616181a170959302080a93020a0c93020c0e93020e109302101' +
        '2a16281a170921415',
    ],
  ],
]

describe('bytes equal to those of the Python package', () => {
  test.each(examples)('%s', (_, value, options, fields) => {
    expect(toHex(encodeMsglc(value, options))).toBe(MAGIC + fields.join(''))
  })

  test.each(examples)(
    '%s, of inner lists and maps that nobody has counted',
    (_, value, options, fields) => {
      expect(toHex(encodeMsglc(innerSourced(value), options))).toBe(MAGIC + fields.join(''))
    },
  )
})
