import { encode, prepare } from './encode.ts'

/** The seconds that the rows take. */
async function measure(): Promise<number> {
  const began = performance.now()
  await encode()
  return (performance.now() - began) / 1000
}

Object.assign(globalThis, { prepare, measure })
