import { describe, expect, expectTypeOf, test } from 'vitest'
import { checkOptionNames, type OptionNames } from '../../src/core/option-names.ts'

const KNOWN = { filePath: true, fileFormat: true, ageMs: true, fs: true } as const

function messageOf(given: unknown, path?: string): string {
  try {
    checkOptionNames('made', given, KNOWN, path)
  } catch (error) {
    expect(error).toMatchObject({ name: 'SluiceError', code: 'invalid-options' })
    return (error as Error).message
  }
  throw new Error('nothing was refused')
}

test('known names are taken, whatever their values', () => {
  expect(() => checkOptionNames('made', { filePath: undefined, fs: 5 }, KNOWN)).not.toThrow()
  expect(() => checkOptionNames('made', {}, KNOWN)).not.toThrow()
})

describe('a name that nobody knows is refused', () => {
  test.each([
    ['file_path', 'filePath'],
    ['FilePath', 'filePath'],
    ['filepaht', 'filePath'],
    ['fileFromat', 'fileFormat'],
    ['age', 'ageMs'],
    ['fss', 'fs'],
  ])('%s, with what it may have been meant for', (given, known) => {
    expect(messageOf({ [given]: 1 })).toBe(`made: there is no option "${given}"; there is ${known}`)
  })

  test('with all that could be meant', () => {
    expect(messageOf({ file: 1 })).toContain('there are filePath, fileFormat')
  })

  test.each(['compression', 'toString', '__proto__x', ''])(
    '%s, with all that there are',
    (given) => {
      expect(messageOf({ [given]: 1 })).toBe(
        `made: there is no option "${given}"; there are filePath, fileFormat, ageMs, fs`,
      )
    },
  )

  test('with its place, and without its value', () => {
    const message = messageOf({ fileFormat: 'CSV', secret: 'wJalrXUtnFEMI' }, 'rotate.')
    expect(message).toContain('"rotate.secret"')
    expect(message).not.toContain('wJalr')
  })

  test('however long it is', () => {
    expect(messageOf({ ['a'.repeat(100_000)]: 1 }).length).toBeLessThan(300)
  })
})

test.each(['zstd', 5, null, undefined, [], () => {}])('%o is no object of options', (given) => {
  const names = 'an object of options: filePath, fileFormat, ageMs, fs'
  expect(messageOf(given)).toBe(`made: it takes ${names}`)
  expect(messageOf(given, 'rotate.')).toBe(`made: rotate takes ${names}`)
})

test('the names of a union are those of all its members', () => {
  type Given = { readonly a?: number } | { readonly b?: number }
  expectTypeOf<OptionNames<Given>>().toEqualTypeOf<Readonly<Record<'a' | 'b', true>>>()
})
