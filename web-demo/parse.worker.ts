import { isSluiceError } from 'sluice'
import type { Job, JobEvent } from './messages.ts'
import { readFile } from './worker/read-file.ts'
import { sendFile } from './worker/send-file.ts'

// Everything that takes time runs here, so that the page stays free for its reader.
addEventListener('message', ({ data }: MessageEvent<Job>) => {
  run(data).catch((error: unknown) => {
    tell({ kind: 'failed', message: messageOf(error) })
  })
})

async function run(job: Job): Promise<void> {
  if (job.kind === 'read') {
    await readFile(job.file, (reading) => tell({ kind: 'reading', reading }))
    return
  }
  const { sending, files } = await sendFile(job, (sending) => tell({ kind: 'sending', sending }))
  tell({ kind: 'sent', sending, files })
}

function tell(event: JobEvent): void {
  postMessage(event)
}

function messageOf(error: unknown): string {
  if (isSluiceError(error)) return error.message
  // A browser's own errors, such as a file that was changed or taken away since it was chosen.
  return error instanceof Error
    ? `The file could not be read: ${error.message}`
    : 'The file could not be read.'
}
