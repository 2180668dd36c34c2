import { jsonText } from '../../core/json.ts'
import type { PathStep } from '../../files/msglc/index.ts'
import type { BucketOptions } from '../address.ts'
import { type CliIo, oneLine, print } from '../io.ts'
import { withMsglcFile } from '../msglc-file.ts'
import { keyText, printable } from '../printable.ts'
import { usageError } from '../usage-error.ts'

/** Prints all of a file as JSON: the items of a list a line each, as they are read. */
export async function msglcCat(file: string, options: BucketOptions, io: CliIo): Promise<void> {
  await withMsglcFile(file, io, options, async (reader) => {
    if ((await reader.kind()) === 'list') {
      for await (const item of reader) await print(io.stdout, line(item))
    } else await print(io.stdout, line(await reader.toObject()))
  })
}

/** Prints the value at a path as one line of JSON, and reads no more of the file than that takes. */
export async function msglcGet(
  file: string,
  path: string,
  options: BucketOptions,
  io: CliIo,
): Promise<void> {
  const steps = pathOf(path)
  await withMsglcFile(file, io, options, async (reader) => {
    await print(io.stdout, line(await reader.read(steps)))
  })
}

/** Prints the keys of a map, or the places of a list, a line each. */
export async function msglcLs(
  file: string,
  path: string,
  options: BucketOptions,
  io: CliIo,
): Promise<void> {
  const steps = pathOf(path)
  await withMsglcFile(file, io, options, async (reader) => {
    const node = await reader.visit(steps)
    if ((await node.kind()) === 'list') {
      const count = await node.length()
      for (let place = 0; place < count; place++) await print(io.stdout, `${place}\n`)
    } else {
      for (const key of await node.keys()) await print(io.stdout, `${oneLine(keyText(key))}\n`)
    }
  })
}

function line(value: unknown): string {
  return `${jsonText(printable(value))}\n`
}

/** `a/b/0`, or the steps as JSON, for keys that are empty, hold a `/` or are no text. */
function pathOf(text: string): string | readonly PathStep[] {
  if (!text.startsWith('[')) return text
  try {
    const steps: unknown = JSON.parse(text)
    if (Array.isArray(steps) && steps.every(isStep)) return steps
  } catch {
    // Told below.
  }
  throw usageError('a path that begins with [ is a JSON list of keys and places: ["a/b",0]')
}

function isStep(step: unknown): step is PathStep {
  return step === null || ['string', 'number', 'boolean'].includes(typeof step)
}
