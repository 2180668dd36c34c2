import { type BatchOptions, batchesOf, type HttpFile, httpSink } from 'sluice/browser'
import type { Job, Sending, SentFile } from '../messages.ts'
import { counted } from './counted.ts'
import { reasons } from './reasons.ts'
import { throttle } from './throttle.ts'

/** One request: enough to be quick, little enough to see it move. */
const BATCH: BatchOptions = { batchRecords: 2000, batchBytes: 1024 * 1024 }

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

  for await (const { rows, refused } of batchesOf(source, { schema, ...BATCH })) {
    const before = figures.sent
    figures.sent += rows.length + refused.length
    figures.bytes = source.readBytes
    tellNowAndThen()
    const ack = await sink.write(rows, { refused })
    figures.acknowledged += ack.accepted
    figures.rejected += ack.rejected.length
    for (const one of ack.rejected) rejected.add({ ...one, index: before + one.index })
    tellNowAndThen()
  }
  onSending(sending())
  const { files } = await sink.close()
  return { sending: sending(), files: files.map(sentFile) }
}

function sentFile({ key, records, bytes, url, lane }: HttpFile): SentFile {
  return { key, records, bytes, url, isDeadLetters: lane.schema === 'rejected' }
}
