import { pythonThatHas, pythonWith } from '../../../scripts/test-python.ts'

const REQUIREMENTS = new URL('requirements.txt', import.meta.url)
const SAMPLE = 100

/** How many files of the matrix are tried; more than the sample is the proof. */
export const FILES: number = Number(process.env.SLUICE_PARQUET_FILES ?? SAMPLE)

export const NO_PYTHON = 'no Python has pyarrow and polars; `npm run prove parquet` makes one'

/** A sample takes what is there, and skips without; the proof has made it, and fails without. */
export async function readersPython(): Promise<string | undefined> {
  if (FILES > SAMPLE) return pythonWith(REQUIREMENTS)
  return pythonThatHas(['pyarrow', 'polars'], REQUIREMENTS)
}
