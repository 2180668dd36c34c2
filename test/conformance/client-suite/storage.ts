import { copyObject, headObject, put, putObject } from 'sluice/s3'
import { deleteObjectTags, getObjectTags, putObjectTags } from 'sluice/s3/tags'
import { type ClientCase, checkEqual, checkRejects, PART_BYTES, pattern } from './tools.ts'

const TAGS = { 'project name': 'a+b/c=d', 'of:me@_': '', plain: 'x' }

/** Classes and tags. */
export const storageCases: readonly ClientCase[] = [
  {
    name: 'storage: tags are put with an object, found, replaced and taken off',
    needs: 'tags',
    async run({ client }) {
      const to = client()
      await putObject(to, 'key', pattern(1), { tags: TAGS })
      checkEqual(await getObjectTags(to, 'key'), TAGS, 'those of the put')
      await put(to, 'parts', pattern(PART_BYTES + 1), { tags: TAGS, partBytes: PART_BYTES })
      checkEqual(await getObjectTags(to, 'parts'), TAGS, 'those of the upload')
      await copyObject(to, 'key', 'copy')
      checkEqual(await getObjectTags(to, 'copy'), TAGS, 'those of the copy')
      await putObjectTags(to, 'key', { other: '1' })
      checkEqual(await getObjectTags(to, 'key'), { other: '1' }, 'the new ones')
      await deleteObjectTags(to, 'key')
      checkEqual(await getObjectTags(to, 'key'), {}, 'none')
      checkEqual(await getObjectTags(to, 'absent'), undefined, 'those of no object')
      await checkRejects(putObjectTags(to, 'absent', TAGS), 'not-found', 'tags of no object')
    },
  },
  {
    name: 'storage: the standard class is taken, in one piece and in parts',
    async run({ client }) {
      const to = client()
      const standard = { storageClass: 'STANDARD', partBytes: PART_BYTES }
      for (const sizeBytes of [5, PART_BYTES + 1]) {
        await put(to, 'key', pattern(sizeBytes), standard)
        checkEqual((await headObject(to, 'key'))?.sizeBytes, sizeBytes, 'the size')
      }
    },
  },
  {
    name: 'storage: another class is taken',
    needs: 'classes',
    async run({ client }) {
      const to = client()
      await putObject(to, 'key', pattern(5), { storageClass: 'REDUCED_REDUNDANCY' })
      checkEqual((await headObject(to, 'key'))?.sizeBytes, 5, 'the size')
    },
  },
]
