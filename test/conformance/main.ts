/**
 * A cell of the table in a process: Node, Deno or Bun. It imports the package by name, as its users do. SLUICE_CELL is the
 * `Cell` as JSON; SLUICE_FOLDER is where the folder store may write. Prints one line of JSON for each case.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import type { Log } from 'sluice'
import { fileLog, fsStore } from 'sluice/node'
import { logSuite, storeSuite } from 'sluice/testing'
import { type Cell, runCell } from './cell.ts'
import { matrixCases } from './local-cases.ts'
import type { MatrixCase } from './matrix-case.ts'
import { msglcCases } from './msglc-cases.ts'

function folderCases(parent: string): readonly MatrixCase[] {
  const create = async () => {
    const root = await mkdtemp(join(parent, 'store-'))
    return { store: fsStore(root), close: () => rm(root, { recursive: true, force: true }) }
  }
  return [
    ...matrixCases('store: a folder', storeSuite({ create })),
    ...msglcCases('msglc: a folder', create),
    ...logCases(parent),
  ]
}

function logCases(parent: string): readonly MatrixCase[] {
  const cases = logSuite({
    durable: true,
    async create() {
      const folder = await mkdtemp(join(parent, 'log-'))
      const logs: Log[] = []
      const open = (): Log => {
        const log = fileLog(folder)
        logs.push(log)
        return log
      }
      return {
        log: open(),
        reopen: async () => open(),
        async close() {
          // Each closes what its earlier sessions have open.
          for (const log of logs) await (await log.open('the end')).close()
          await rm(folder, { recursive: true, force: true })
        },
      }
    },
  })
  return matrixCases('log: a folder', cases)
}

const cell = JSON.parse(process.env.SLUICE_CELL ?? '{}') as Cell
const folder = process.env.SLUICE_FOLDER
await runCell(cell, folder === undefined ? [] : folderCases(folder), (line) => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
})
