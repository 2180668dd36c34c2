import type { Refused, Row } from 'sluice'
import { type HttpFile, httpSink, recordsOf } from 'sluice/browser'
import type { Job, Sending, SentFile } from '../messages.ts'
import { counted } from './counted.ts'
import { reasons } from './reasons.ts'
import { throttle } from './throttle.ts'

/** One request: enough to be quick, little enough to see it move. */
const BATCH_RECORDS = 2000
const BATCH_BYTES = 1024 * 1024

type SendJob = Extract<Job, { kind: 'send' }>

/** Sends the file's records batch by batch, and resolves when every acknowledged one is in a visible file. */
export async function sendFile(
  job: SendJob,
  onSending: (sending: Sending) => void,
): Promise<{ readonly sending: Sending; readonly files: readonly SentFile[] }> {
  const { file, schema, server, stream, token } = job
  const source = counted(file)
  const rejected = reasons()
  const figures = { sent: 0, bytes: 0, acknowledged: 0, rejected: 0 }
  const sending = (): Sending => ({ ...figures, reasons: rejected.list() })
  const tellNowAndThen = throttle(() => onSending(sending()))
  await using sink = httpSink({ url: server, stream, token })

  let rows: Row[] = []
  let refused: Refused[] = []
  const sendBatch = async (): Promise<void> => {
    const before = figures.sent
    figures.sent += rows.length + refused.length
    figures.bytes = source.readBytes
    tellNowAndThen()
    const ack = await sink.write(rows, { refused })
    figures.acknowledged += ack.accepted
    figures.rejected += ack.rejected.length
    for (const one of ack.rejected) rejected.add({ ...one, index: before + one.index })
    rows = []
    refused = []
    tellNowAndThen()
  }

  const onReject = (one: Refused): void => {
    refused.push({ ...one, index: one.index - figures.sent })
  }
  for await (const row of recordsOf(source, { schema, onReject })) {
    rows.push(row)
    const full = rows.length + refused.length >= BATCH_RECORDS
    if (full || source.readBytes - figures.bytes >= BATCH_BYTES) await sendBatch()
  }
  if (rows.length + refused.length > 0) await sendBatch()
  onSending(sending())
  const { files } = await sink.close()
  return { sending: sending(), files: files.map(sentFile) }
}

function sentFile({ key, records, bytes, url, lane }: HttpFile): SentFile {
  return { key, records, bytes, url, isDeadLetters: lane.schema === 'rejected' }
}
