import type { Bytes } from '../../contracts/index.ts'
import { concatBytes, fromUtf8Strict, utf8 } from '../../core/bytes.ts'
import { type ByteCursor, byteCursor } from './byte-cursor.ts'
import { Refusal } from './refusal.ts'

/** A form with a file at its end, as a browser posts it. */
export interface UploadForm {
  /** By name in lower case, without the file. */
  readonly fields: ReadonlyMap<string, string>
  /** As the browser calls it; `''` where it does not. */
  readonly fileName: string
  /** The file's bytes. Throws at the end when the form is not whole, or has something behind its file. */
  readonly file: AsyncIterable<Bytes>
}

/** S3's bound on everything but the file. */
const MAX_FIELDS_BYTES = 20 * 1024
/** What browsers send of a part's headers is much less. */
const MAX_LINE_BYTES = 4 * 1024
/** A form of a policy with a condition for each of its fields has some 15. */
const MAX_FIELDS = 100

/**
 * Reads a form up to its file, which must come last: what would stand behind it is only known when it is too late.
 * @see https://www.rfc-editor.org/rfc/rfc7578
 */
export async function readForm(
  source: AsyncIterable<Bytes>,
  contentType: string,
): Promise<UploadForm> {
  const boundary =
    /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"\r\n]{1,70})"|([!-~]{1,70}?)(?:;|$))/i.exec(
      contentType,
    )
  if (!boundary) throw malformed('it is no multipart/form-data with a boundary')
  const dashes = `--${boundary[1] ?? boundary[2]}`
  const delimiter = utf8(`\r\n${dashes}`)
  const cursor = byteCursor(source)
  if ((await cursor.line(MAX_LINE_BYTES)) !== dashes)
    throw malformed('it does not begin with its boundary')
  const fields = new Map<string, string>()
  for (let left = MAX_FIELDS_BYTES; ; ) {
    const head = await readHead(cursor)
    if (head.isFile) {
      return { fields, fileName: head.fileName, file: fileOf(cursor, delimiter) }
    }
    const value = await readValue(cursor, delimiter, left)
    left -= head.bytes + delimiter.byteLength + value.byteLength
    if (left < 0 || fields.size === MAX_FIELDS) throw tooLarge()
    const text = fromUtf8Strict(value)
    if (text === undefined) throw malformed(`the field ${head.name} is not UTF-8`)
    if (fields.has(head.name)) throw malformed(`the field ${head.name} is given twice`)
    fields.set(head.name, text)
    const end = await cursor.line(MAX_LINE_BYTES)
    if (end === '--')
      throw new Refusal('InvalidArgument', 'POST requires exactly one file upload per request.')
    if (end !== '') throw malformed('a boundary is followed by something else')
  }
}

interface PartHead {
  readonly name: string
  readonly isFile: boolean
  readonly fileName: string
  readonly bytes: number
}

async function readHead(cursor: ByteCursor): Promise<PartHead> {
  let disposition = ''
  let bytes = 0
  for (;;) {
    const line = await cursor.line(MAX_LINE_BYTES - bytes)
    if (line === undefined) throw malformed('the headers of a part are cut short, or too long')
    if (line === '') break
    bytes += line.length
    if (/^content-disposition:/i.test(line)) disposition = line
  }
  const name = /;\s*name="([^"]{1,200})"/i.exec(disposition)?.[1]?.toLowerCase()
  if (name === undefined) throw malformed('a part has no name')
  const fileName = /;\s*filename="([^"]*)"/i.exec(disposition)?.[1] ?? ''
  return { name, isFile: name === 'file', fileName, bytes }
}

async function readValue(cursor: ByteCursor, delimiter: Bytes, maxBytes: number): Promise<Bytes> {
  const pieces: Bytes[] = []
  let bytes = 0
  const value = cursor.until(delimiter)
  for (;;) {
    const { done, value: piece } = await value.next()
    if (done) {
      if (piece) return concatBytes(pieces)
      throw malformed('it breaks off')
    }
    bytes += piece.byteLength
    if (bytes > maxBytes) throw tooLarge()
    pieces.push(piece)
  }
}

async function* fileOf(
  cursor: ByteCursor,
  delimiter: Bytes,
): AsyncGenerator<Bytes, void, undefined> {
  if (!(yield* cursor.until(delimiter))) throw new Refusal('IncompleteBody', 'The form breaks off')
  const end = await cursor.some(2)
  const rest = end && end.byteLength < 2 ? await cursor.some(1) : undefined
  const closing = concatBytes([...(end ? [end] : []), ...(rest ? [rest] : [])])
  if (closing[0] !== DASH || closing[1] !== DASH) {
    throw malformed('the file is not its last field')
  }
}

const DASH = 45

function tooLarge(): Refusal {
  return new Refusal(
    'MaxPostPreDataLengthExceeded',
    'Your POST request fields preceding the upload file were too large.',
  )
}

function malformed(why: string): Refusal {
  return new Refusal(
    'MalformedPOSTRequest',
    `The body of your POST request is not well-formed multipart/form-data: ${why}.`,
  )
}
