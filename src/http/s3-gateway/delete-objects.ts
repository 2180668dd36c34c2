import { fromUtf8 } from '../../core/bytes.ts'
import { checkKey } from '../../core/keys.ts'
import { parseXml, type XmlPart } from '../../s3/xml.ts'
import type { Operation } from './operation.ts'
import { Refusal, refusalParts, toRefusal, xmlResponse } from './refusal.ts'

const MAX_KEYS = 1000
/** So many keys of the greatest length, each character a reference. */
const MAX_BODY_BYTES = 8 * 1024 * 1024
/** What may stand beside a key and would then be a condition. */
const CONDITIONS = ['VersionId', 'ETag', 'LastModifiedTime', 'Size']

export async function deleteObjects(operation: Operation): Promise<Response> {
  const { store, headers, payload, signal } = operation
  const root = parseXml(fromUtf8(await payload.bytes(MAX_BODY_BYTES)))
  if (Object.keys(payload.checksums()).length === 0 && !headers.has('content-md5')) {
    throw new Refusal(
      'InvalidRequest',
      'Missing required header for this request: Content-MD5 or x-amz-checksum-*',
    )
  }
  const objects = root?.name === 'Delete' ? root.children('Object') : []
  if (!root || objects.length === 0 || objects.length > MAX_KEYS) {
    throw new Refusal('MalformedXML', `A Delete document of 1 to ${MAX_KEYS} objects is needed`)
  }
  const failures: XmlPart[] = []
  const fail = (key: string, error: unknown): void => {
    failures.push(['Error', [['Key', key], ...refusalParts(toRefusal(error))]])
  }
  const keys: string[] = []
  for (const object of objects) {
    const key = object.text('Key') ?? ''
    try {
      if (CONDITIONS.some((name) => object.child(name))) {
        throw new Refusal('NotImplemented', 'There are no versions and no conditions here')
      }
      checkKey(key)
      keys.push(key)
    } catch (error) {
      fail(key, error)
    }
  }
  const { failed } = await store.delete(keys, { signal })
  for (const { key, error } of failed) fail(key, error)
  const quiet = root.text('Quiet') === 'true'
  const alive = new Set(failed.map(({ key }) => key))
  const deleted = quiet ? [] : keys.filter((key) => !alive.has(key))
  return xmlResponse('DeleteResult', [
    ...deleted.map((key) => ['Deleted', [['Key', key]]] as const),
    ...failures,
  ])
}
