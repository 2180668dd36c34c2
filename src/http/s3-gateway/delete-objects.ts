import { fromUtf8 } from '../../core/bytes.ts'
import { checkKey } from '../../core/keys.ts'
import { parseXml, type XmlPart } from '../../s3/xml.ts'
import type { Operation } from './operation.ts'
import { Refusal, refusalParts, toRefusal, xmlResponse } from './refusal.ts'

const MAX_KEYS = 1000
const MAX_BODY_BYTES = 16 * 1024 * 1024

export async function deleteObjects(operation: Operation): Promise<Response> {
  const { store, headers, signal } = operation
  if (!headers.has('x-amz-checksum-sha256')) {
    throw new Refusal(
      'InvalidRequest',
      'Missing required header for this request: x-amz-checksum-sha256',
    )
  }
  const root = parseXml(fromUtf8(await operation.body(MAX_BODY_BYTES)))
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
      if (object.child('VersionId'))
        throw new Refusal('NotImplemented', 'There are no versions here')
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
