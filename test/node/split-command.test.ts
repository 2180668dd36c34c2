import { describe, expect, test } from 'vitest'
import { splitCommand } from '../../src/node/split-command.ts'

describe('splitCommand', () => {
  test.each([
    ['a', ['a']],
    [' a\tb \n c ', ['a', 'b', 'c']],
    ['"/opt/a b" --x "y z"', ['/opt/a b', '--x', 'y z']],
    ['a \'b "c" \\\'', ['a', 'b "c" \\']],
    ['a "b \\" \\\\ \\c"', ['a', 'b " \\ \\c']],
    ['a\\ b c\\', ['a b', 'c']],
    ['a"b c"d', ['ab cd']],
    ['a "" b', ['a', '', 'b']],
  ])('%j', (line, words) => {
    expect(splitCommand(line, false)).toEqual(words)
  })

  test.each([
    ['"C:\\Program Files\\x.exe" C:\\y\\', ['C:\\Program Files\\x.exe', 'C:\\y\\']],
    ["it's", ["it's"]],
  ])('on Windows: %j', (line, words) => {
    expect(splitCommand(line, true)).toEqual(words)
  })
})
