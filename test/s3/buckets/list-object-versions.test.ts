import { describe, expect, test } from 'vitest'
import { listObjectVersions } from '../../../src/s3/buckets/index.ts'
import { type S3Client, s3Client } from '../../../src/s3/client.ts'
import { answer, failure, script } from '../scripted-fetch.ts'

describe('listObjectVersions', () => {
  const item = (kind: string, key: string, id: string, at = '2020-01-01', latest = false): string =>
    `<${kind}><Key>${key}</Key><VersionId>${id}</VersionId><IsLatest>${latest}</IsLatest><LastModified>${at}T00:00:00Z</LastModified><ETag>"e"</ETag><Size>3</Size></${kind}>`
  const page = (body: string): string =>
    `<ListVersionsResult><EncodingType>url</EncodingType>${body}</ListVersionsResult>`

  async function keysOf(client: S3Client): Promise<string[]> {
    const keys = []
    for await (const { key, versionId } of listObjectVersions(client))
      keys.push(`${key} ${versionId}`)
    return keys
  }

  test('goes on where a page says, and puts the kinds in each other’s place', async () => {
    const more =
      '<IsTruncated>true</IsTruncated><NextKeyMarker>a%5B1%5D</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>'
    const { options, sent } = script([
      answer(
        200,
        page(
          item('DeleteMarker', 'a', 'v2', '2020-01-02', true) +
            item('Version', 'a', 'v1') +
            item('Version', 'a', 'v0', '2019-01-01') +
            more,
        ),
      ),
      answer(
        200,
        page(item('DeleteMarker', 'c', 'v1', '2020-01-03', true) + item('Version', 'b+%2B', 'v1')),
      ),
    ])
    expect(await keysOf(s3Client(options))).toEqual(['a v2', 'a v1', 'a v0', 'b + v1', 'c v1'])
    expect(sent[1]?.url.search).toBe(
      '?versions=&encoding-type=url&key-marker=a%5B1%5D&version-id-marker=v1',
    )
  })

  test('asks again without an encoding that may or may not have been used', async () => {
    const unclear = `<ListVersionsResult>${item('Version', 'a+b', 'v1')}</ListVersionsResult>`
    const { options, sent } = script([answer(200, unclear), answer(200, unclear)])
    expect(await keysOf(s3Client(options))).toEqual(['a+b v1'])
    expect(sent[1]?.url.search).toBe('?versions=')
  })

  test.each([
    ['a page without an end', '<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>'],
    ['more, and no place', '<IsTruncated>true</IsTruncated>'],
    ['a version without an id', '<Version><Key>a</Key></Version>'],
  ])('%s is an error', async (_, body) => {
    const { options } = script([answer(200, page(body)), answer(200, page(body))])
    expect(await failure(keysOf(s3Client(options)))).toMatchObject({ code: 'protocol' })
  })
})
