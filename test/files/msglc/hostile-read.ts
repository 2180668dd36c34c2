/** Reads a file that was made to harm, in a process of its own with little memory, and prints the error that comes of it. */
import { readFileSync } from 'node:fs'
import { isSluiceError } from '../../../src/core/errors.ts'
import { lazyReader } from '../../../src/files/msglc/index.ts'

const [, , path = ''] = process.argv
try {
  await (await lazyReader(readFileSync(path))).toObject()
} catch (error) {
  if (!isSluiceError(error)) throw error
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message }))
}
