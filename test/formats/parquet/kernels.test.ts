import { describe, expect, test } from 'vitest'
import { encodeColumnChunk } from '../../../src/formats/parquet/chunk/encode-column-chunk.ts'
import type { LeafData } from '../../../src/formats/parquet/chunk/leaf.ts'
import { compileKernels, Kernels, kernelsOf } from '../../../src/formats/parquet/kernels.ts'
import { flatLeaf, requiredData, texts } from './chunk/leaves.ts'

const MIB = 1024 * 1024

const zeros = (count: number): LeafData => ({
  values: { kind: 'double', values: new Float64Array(count) },
  ...{ count, slots: count, rows: count },
})

describe('the memory of the kernels', () => {
  const chunk = (kernels: Kernels, data: LeafData) =>
    encodeColumnChunk(kernels, flatLeaf(data.values.kind), data, { codec: 'snappy' })

  test('is limited: a chunk that needs more is an error, and the next one is not', async () => {
    const kernels = new Kernels(compileKernels(), 4 * MIB)
    const small = await chunk(kernels, zeros(1_000))
    for (const data of [
      zeros(1_000_000),
      // Not the values, but what is made of them.
      zeros(400_000),
      requiredData('bytes', [new Uint8Array(3 * MIB)]),
    ]) {
      expect(() => chunk(kernels, data)).toThrow(
        expect.objectContaining({
          code: 'too-large',
          message: expect.stringContaining('row group'),
        }),
      )
      expect(kernels.heldBytes).toBeLessThanOrEqual(4 * MIB)
      expect(await chunk(kernels, zeros(1_000))).toEqual(small)
    }
  })

  test('is given back after a large chunk, and kept after others', async () => {
    const kernels = new Kernels(compileKernels())
    await chunk(kernels, zeros(100_000))
    const held = kernels.heldBytes
    expect(held).toBeGreaterThan(0)
    await chunk(kernels, zeros(100_000))
    expect(kernels.heldBytes).toBe(held)
    await chunk(kernels, requiredData('bytes', [new Uint8Array(40 * MIB)]))
    expect(kernels.heldBytes).toBe(0)
    await chunk(kernels, requiredData('bytes', texts('a')))
    expect(kernels.heldBytes).toBeGreaterThan(0)
  })

  test('is one for all who have the same module', () => {
    expect(compileKernels()).toBe(compileKernels())
    expect(kernelsOf(compileKernels())).toBe(kernelsOf(compileKernels()))
    const other = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))
    expect(kernelsOf(other)).not.toBe(kernelsOf(compileKernels()))
    // It is a module, and has nothing in it.
    expect(() => chunk(kernelsOf(other), zeros(1))).toThrow(
      expect.objectContaining({ code: 'invalid-options' }),
    )
  })
})
