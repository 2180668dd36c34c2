import { expect, test } from 'vitest'
import { CaseTrouble, judge } from './matrix-case.ts'

const CASE = { suite: 'store', name: 'a case' }
const WHY = 'the server knows no better'
const status = async (excepted: string | undefined, run: () => Promise<'passed'>) =>
  (await judge({ ...CASE, excepted, run })).status

test('an exception stands for a failure, and for neither a success nor a case that could not be run', async () => {
  const fails = () => Promise.reject(new Error('as it must'))
  const cannot = () => Promise.reject(new CaseTrouble('no bucket for it'))
  const passes = async () => 'passed' as const
  expect(await status(WHY, fails)).toBe('excepted')
  expect(await status(WHY, passes)).toBe('failed')
  expect(await status(WHY, cannot)).toBe('failed')
  expect(await status(undefined, fails)).toBe('failed')
  expect(await status(undefined, passes)).toBe('passed')
})
