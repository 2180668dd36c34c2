/** `node bench/s3/client.ts CONTENDER ENDPOINT BYTES`: one upload in a process of its own; what it took goes to its parent. */
import { setTimeout as delay } from 'node:timers/promises'
import { CONTENDERS, type Contender, PART_BYTES } from './contenders.ts'

export interface Measured {
  readonly seconds: number
  /** Of this process, in user and kernel mode. */
  readonly cpuSeconds: number
  /** The most that lay in array buffers at once, what nobody needs any more and was not collected yet among it. */
  readonly peakBytes: number
}

const CHUNK_BYTES = 64 * 1024
const SAMPLE_MS = 2
const WARM_UP_BYTES = 8 * PART_BYTES

const [name = '', endpoint = '', bytes = ''] = process.argv.slice(2)
const contender = CONTENDERS[name] as Contender
await upload(WARM_UP_BYTES)
// Twice, since what the first one finds is given back beside the program.
for (let n = 0; n < 2; n++) {
  globalThis.gc?.()
  await delay(100)
}

let peak = 0
const sample = (): void => {
  peak = Math.max(peak, process.memoryUsage().arrayBuffers)
}
const timer = setInterval(sample, SAMPLE_MS)
const cpu = process.cpuUsage()
const began = performance.now()
await upload(Number(bytes))
const seconds = (performance.now() - began) / 1000
const { user, system } = process.cpuUsage(cpu)
clearInterval(timer)
process.send?.({ seconds, cpuSeconds: (user + system) / 1e6, peakBytes: peak } satisfies Measured)
process.disconnect?.()

/** A stream as the network gives one: each chunk is memory of its own, and nobody knows how many there will be. */
async function upload(size: number): Promise<void> {
  let given = 0
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (given === size) return controller.close()
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, size - given)).fill(given / CHUNK_BYTES)
      given += chunk.byteLength
      controller.enqueue(chunk)
    },
  })
  const etag = (await contender(endpoint, source))?.replaceAll('"', '')
  const parts = Math.ceil(size / PART_BYTES)
  if (etag !== `${size}-${parts}`) throw new Error(`${name} wrote ${etag}, not ${size}-${parts}`)
}
