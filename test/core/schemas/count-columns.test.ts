import { expect, test } from 'vitest'
import type { Field, FieldType } from '../../../src/contracts/index.ts'
import { countColumns } from '../../../src/core/schemas/count-columns.ts'

const field = (type: FieldType): Field => ({ name: 'a', type, nullable: false })
const part = { type: 'int8', nullable: false } as const

test.each<[FieldType, number]>([
  ['int8', 1],
  [{ kind: 'decimal', precision: 9, scale: 2 }, 1],
  [{ kind: 'list', element: part }, 2],
  [{ kind: 'map', key: 'string', value: part }, 3],
  [{ kind: 'struct', fields: [field('int8'), field({ kind: 'list', element: part })] }, 4],
])('%j counts as %i', (type, count) => {
  expect(countColumns([field(type), field('string')])).toBe(count + 1)
})
