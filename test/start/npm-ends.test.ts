import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { root, scratch } from './tools.ts'

test('SIGTERM to npm start leaves nothing running, though npm passes it on to a shell that just dies', async () => {
  await using folder = await scratch()
  const input = join(folder.path, 'rows.json')
  await writeFile(input, '[{"a":1}]')
  const script = `import { runScript } from ${JSON.stringify(join(root, 'scripts/run-script.mjs'))}
    await runScript('start', ['--input', ${JSON.stringify(input)}])`
  // As npm does it. Without the last command some shells would become Node instead of waiting for it.
  const shell = spawn(
    'sh',
    ['-c', '"$0" --input-type=module -e "$1"; exit $?', process.execPath, script],
    {
      env: { ...process.env, npm_lifecycle_event: 'start' },
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of its own, to end what a failure would leave.
      detached: true,
    },
  )
  onTestFinished(() => {
    try {
      process.kill(-(shell.pid as number), 'SIGKILL')
    } catch {
      // Nobody is left.
    }
  })
  let workerd = 0
  for await (const line of createInterface({ input: shell.stdout })) {
    workerd ||= Number(/\(workerd, process (\d+)\)/.exec(line)?.[1] ?? 0)
    if (line.endsWith('until Ctrl-C.') || line.startsWith('Ctrl-C')) shell.kill('SIGTERM')
  }
  // The output has ended, so nobody is left who could write to it: neither start.ts nor whoever runs it.
  expect(shell.signalCode ?? shell.exitCode).toBe('SIGTERM')
  expect(workerd).toBeGreaterThan(0)
  expect(() => process.kill(workerd, 0)).toThrow('ESRCH')
}, 60_000)
