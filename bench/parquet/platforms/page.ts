import { encode, prepare } from './encode.ts'

/** The seconds that `count` rows take. */
async function measure(count: number): Promise<number> {
  await prepare(count)
  const began = performance.now()
  await encode()
  return (performance.now() - began) / 1000
}

Object.assign(globalThis, { measure })
