/** `client CONTENDER ENDPOINT RECORDS`: one run in a process of its own; what it took goes to its parent. */
import { CONTENDERS, type Contender } from './contenders.ts'

export interface Measured {
  readonly seconds: number
  readonly cpuSeconds: number
  /** The most memory that the process had, itself, Node and all. */
  readonly peakRssBytes: number
}

const [name = '', endpoint = '', records = ''] = process.argv.slice(2)
const contender = CONTENDERS[name] as Contender
const cpu = process.cpuUsage()
const began = performance.now()
await contender(Number(records), endpoint)
const seconds = (performance.now() - began) / 1000
const { user, system } = process.cpuUsage(cpu)
const measured: Measured = {
  seconds,
  cpuSeconds: (user + system) / 1e6,
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
}
process.send?.(measured)
process.disconnect?.()
