import { describe, expect, test } from 'vitest'
import {
  abortError,
  asSluiceError,
  isSluiceError,
  SluiceError,
  throwIfAborted,
} from '../../src/core/errors.ts'

describe('SluiceError', () => {
  test('is retryable by code, unless told otherwise', () => {
    expect(new SluiceError('slow-down', 'x').retryable).toBe(true)
    expect(new SluiceError('not-found', 'x').retryable).toBe(false)
    expect(new SluiceError('conflict', 'x', { retryable: false }).retryable).toBe(false)
  })

  test('is recognised across copies of the class, and by code', () => {
    const foreign = Object.assign(new Error('x'), { isSluiceError: true, code: 'fenced' })
    expect(isSluiceError(foreign)).toBe(true)
    expect(isSluiceError(foreign, 'fenced')).toBe(true)
    expect(isSluiceError(foreign, 'aborted')).toBe(false)
    expect(isSluiceError({ isSluiceError: true })).toBe(false)
    expect(isSluiceError(new Error('x'))).toBe(false)
  })

  test('does not repeat a foreign message, which may hold a signed address', () => {
    const leaky = new TypeError('fetch failed: https://example.com/?X-Amz-Signature=abc')
    const error = asSluiceError(leaky, 'network', 'The request failed', { key: 'a' })
    expect(error).toMatchObject({
      code: 'network',
      message: 'The request failed',
      key: 'a',
      cause: leaky,
    })
    expect(asSluiceError(error, 'protocol', 'other')).toBe(error)
  })

  test('tells an abort from a time limit', () => {
    const stop = new AbortController()
    stop.abort(new Error('enough'))
    expect(abortError(stop.signal)).toMatchObject({ code: 'aborted', retryable: false })
    expect(() => throwIfAborted(stop.signal)).toThrow(SluiceError)
    expect(() => throwIfAborted(undefined)).not.toThrow()
    const late = new DOMException('late', 'TimeoutError')
    expect(asSluiceError(late, 'network', 'x').code).toBe('timeout')
    expect(asSluiceError(new DOMException('x', 'AbortError'), 'network', 'x').code).toBe('aborted')
  })

  test('hands on the reason when that is one of ours', () => {
    const stop = new AbortController()
    const reason = new SluiceError('fenced', 'taken over')
    stop.abort(reason)
    expect(abortError(stop.signal)).toBe(reason)
  })
})
