/**
 * The same server for all: it speaks as much of S3 as an upload needs, counts what comes and keeps none of it, so that
 * the clients are what is measured. Its address goes to the process that started it.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
const uploads = new Map<string, Map<string, number>>()

const server = createServer(async (incoming, outgoing) => {
  const url = new URL(incoming.url ?? '/', 'http://localhost')
  const size = await drain(incoming)
  const id = url.searchParams.get('uploadId') ?? ''
  const part = url.searchParams.get('partNumber')
  const xml = (text: string): void => {
    outgoing.writeHead(200, { 'content-type': 'application/xml' }).end(text)
  }
  if (incoming.method === 'POST' && url.searchParams.has('uploads')) {
    const uploadId = `upload-${uploads.size + 1}`
    uploads.set(uploadId, new Map())
    xml(
      `<InitiateMultipartUploadResult ${NAMESPACE}><Bucket>bench</Bucket><Key>key</Key><UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`,
    )
  } else if (incoming.method === 'PUT' && part) {
    uploads.get(id)?.set(part, size)
    outgoing.writeHead(200, { etag: `"part-${part}"` }).end()
  } else if (incoming.method === 'POST') {
    // So that nobody wins by sending less.
    const sizes = [...(uploads.get(id)?.values() ?? [])]
    const whole = sizes.reduce((sum, bytes) => sum + bytes, 0)
    xml(
      `<CompleteMultipartUploadResult ${NAMESPACE}><Location>/bench/key</Location><Bucket>bench</Bucket><Key>key</Key><ETag>"${whole}-${sizes.length}"</ETag></CompleteMultipartUploadResult>`,
    )
  } else outgoing.writeHead(400).end()
})
process.once('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

/** How many bytes of content came, without the frames of `aws-chunked`. */
function drain(incoming: IncomingMessage): Promise<number> {
  let size = 0
  const decoded = incoming.headers['x-amz-decoded-content-length']
  return new Promise((resolve, reject) => {
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.byteLength
    })
    incoming.on('end', () => resolve(decoded === undefined ? size : Number(decoded)))
    incoming.on('error', reject)
  })
}
