import { SluiceError } from '../../../core/errors.ts'

/** How `runSink` sees either kind of sink, with all of its workers. */
export interface Output {
  /** Some state is not as it was saved. */
  readonly dirty: boolean
  /** Resolves when all of them are written. */
  write(items: readonly unknown[]): Promise<void>
  /** The states of all partitions that have one, by name; those that are dirty are asked for. */
  snapshot(): Promise<ReadonlyMap<string, unknown>>
  /** What was answered last is kept. */
  committed(): Promise<void>
  close(): Promise<void>
}

export interface OutputSettings {
  readonly stepId: string
  readonly workers: number
}

/** What a source or a sink has built must have these methods: in Bytewax, the wrong base class. */
export function checkBuilt(
  stepId: string,
  by: 'source' | 'sink',
  built: unknown,
  names: readonly string[],
): void {
  const missing = names.find((name) => typeof (built as never)?.[name] !== 'function')
  if (missing === undefined) return
  throw new SluiceError(
    'invalid-options',
    `What the ${by} of the step "${stepId}" has built has no ${missing}()`,
  )
}
