#!/usr/bin/env node
import { constants } from 'node:os'
import process from 'node:process'
import { run } from './run.ts'

const controller = new AbortController()
let caught: 'SIGINT' | 'SIGTERM' | undefined

/** The first one lets the command clean up; the second one does not wait for it. */
function interrupt(signal: 'SIGINT' | 'SIGTERM'): void {
  if (caught) process.exit(128 + constants.signals[signal])
  caught = signal
  controller.abort()
}

process.on('SIGINT', interrupt)
process.on('SIGTERM', interrupt)
// Whoever prints hears of a failed write by its callback; without a listener the event would end the process first.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const { stdin, stdout, stderr, env } = process
// Not `exitCode`: a standard input that nobody reads to its end would keep the process alive.
const status = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  signal: controller.signal,
})
// What was done in spite of an interruption is done.
process.exit(caught && status !== 0 ? 128 + constants.signals[caught] : status)
