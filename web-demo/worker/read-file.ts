import type { Field, Row } from 'sluice'
import { recordsOf, typesOf } from 'sluice/browser'
import type { Reading } from '../messages.ts'
import { cells } from './cells.ts'
import { counted } from './counted.ts'
import { throttle } from './throttle.ts'

const PREVIEW_ROWS = 25
const BATCH_ROWS = 500

/** Reads the file to its end, holding none of it but the first records, and tells what is in it. */
export async function readFile(file: File, onReading: (reading: Reading) => void): Promise<void> {
  const source = counted(file)
  const types = typesOf(source)
  const first: Row[] = []
  let batch: Row[] = []
  let records = 0
  let unreadable = 0

  const tell = (done: boolean): void => {
    types.add(batch)
    batch = []
    const columns = types.schema().fields.map(asSent)
    const rows = cells(first, columns)
    onReading({ done, bytes: source.readBytes, records, unreadable, columns, rows })
  }
  const tellNowAndThen = throttle(() => tell(false))

  const onReject = (): void => {
    unreadable++
    tellNowAndThen()
  }
  for await (const row of recordsOf(source, { onReject })) {
    records++
    if (first.length < PREVIEW_ROWS) first.push(row)
    if (batch.push(row) < BATCH_ROWS) continue
    types.add(batch)
    batch = []
    tellNowAndThen()
  }
  tell(true)
}

/** Records travel as JSON, which has no dates: they stay the text that they are. */
function asSent(field: Field): Field {
  return field.type === 'timestamp' ? { ...field, type: 'string' } : field
}
