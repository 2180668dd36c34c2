/** What an error says of uploads: it names one only while that is open, and its cause is what failed. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type S3Client, s3Client } from '../../src/s3/client.ts'
import { copyObject } from '../../src/s3/copy.ts'
import { put } from '../../src/s3/put.ts'
import { resumable } from '../../src/s3/resumable.ts'
import { startGateway, type TestServer } from '../servers.ts'
import { failure } from './scripted-fetch.ts'

const PART_BYTES = 5 * 1024 ** 2
const TWO_PARTS = new Uint8Array(PART_BYTES + 1)

let server: TestServer
let client: S3Client
beforeAll(async () => {
  server = await startGateway()
  client = s3Client({ ...server, credentials: server })
  await put(client, 'taken', 'there')
})
afterAll(() => server.stop())

test.each<readonly [string, () => Promise<unknown>]>([
  ['put', () => put(client, 'taken', TWO_PARTS, { partBytes: PART_BYTES, ifNoneMatch: '*' })],
  ['copyObject', () => copyObject(client, 'taken', 'taken', { ifNoneMatch: '*' })],
])('%s names no upload that it has aborted', async (_, write) => {
  const error = await failure(write())
  expect(error).toMatchObject({ code: 'precondition-failed', key: 'taken', uploadId: undefined })
})

test("an upload that stays open is named, and the cause is the source's own error", async () => {
  const broken = new Error('the source broke')
  async function* source(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield TWO_PARTS
    yield TWO_PARTS
    throw broken
  }
  const options = { partBytes: PART_BYTES, resumable: resumable({ onCheckpoint: () => {} }) }
  const error = await failure(put(client, 'open', source(), options))
  expect(error).toMatchObject({ code: 'aborted', uploadId: expect.stringMatching(/./) })
  expect((error as Error).cause).toBe(broken)
})
