/** Luigi's tests of its client (test/contrib/s3_test.py), as cases for any store. */
import { describe, expect, test } from 'vitest'
import { S3Client } from '../../../src/compat/luigi/index.ts'
import type { Store } from '../../../src/contracts/index.ts'
import { utf8 } from '../../../src/core/bytes.ts'
import { withPrefix } from '../../../src/stores/index.ts'
import { all, BUCKET, keysOf, pattern, worldOf } from './world.ts'

/** `manyKeys`: how many one removal is tried with. `exceptions`: the cases that a server fails, and must. */
export function clientBehaviours(
  create: () => Promise<Store>,
  manyKeys = 2000,
  exceptions: readonly string[] = [],
): void {
  const caseOf = (name: string) => (exceptions.includes(name) ? test.fails : test)
  const PART_BYTES = 5 * 1024 ** 2

  test('put, putString and putMultipart, then exists', async () => {
    const { client } = await worldOf(create)
    await client.put(utf8('bytes'), `${BUCKET}/put`)
    await client.put(new Blob(['blob']), `${BUCKET}/blob`)
    await client.put([utf8('in '), utf8('pieces')], `${BUCKET}/source`)
    await client.putString('Größe', `${BUCKET}/string`)
    await client.putMultipart(utf8('parts'), `${BUCKET}/parts`)
    const texts: string[] = []
    for (const name of ['put', 'blob', 'source', 'string', 'parts']) {
      expect(await client.exists(`${BUCKET}/${name}`), name).toBe(true)
      texts.push(await client.getAsString(`${BUCKET}/${name}`))
    }
    expect(texts).toEqual(['bytes', 'blob', 'in pieces', 'Größe', 'parts'])
  })

  test.each([
    ['two parts less 1,000 bytes', 2 * PART_BYTES - 1000],
    ['two parts exactly', 2 * PART_BYTES],
    ['an empty file', 0],
    ['a small file', 5000],
  ])('putMultipart and copy: %s', async (_, bytes) => {
    const { client } = await worldOf(create)
    const path = `${BUCKET}/from`
    const options = { partSize: PART_BYTES }
    const written = await client.putMultipart(pattern(bytes), path, options)
    expect(written.bytes).toBe(bytes)
    expect(await client.getKey(path)).toMatchObject({ sizeBytes: bytes })
    const copied = await client.copy(path, `${BUCKET}/to`, { threads: 10 })
    expect(copied).toEqual({ count: 1, bytes })
    const [from, to] = [await client.getAsBytes(path), await client.getAsBytes(`${BUCKET}/to`)]
    expect(to.byteLength).toBe(bytes)
    expect(from.every((byte, i) => byte === to[i])).toBe(true)
  })

  test('what a removed option would have done is refused, before anything is read', async () => {
    const { client, store } = await worldOf(create)
    let reads = 0
    const source = new ReadableStream<Uint8Array>(
      { pull: () => void reads++ },
      { highWaterMark: 0 },
    )
    const path = `${BUCKET}/key`
    for (const options of [{ encrypt_key: true }, { host: 'x' }, { ServerSideEncryption: 'x' }]) {
      const refused = { code: 'invalid-options' }
      await expect(client.put(source, path, options as object)).rejects.toMatchObject(refused)
      await expect(client.putMultipart(source, path, options as object)).rejects.toMatchObject(
        refused,
      )
      await expect(client.putString('text', path, options as object)).rejects.toMatchObject(refused)
    }
    expect(() => new S3Client({ host: 'x', awsAccessKeyId: 'a' } as object as never)).toThrow(
      'endpointUrl',
    )
    expect(reads).toBe(0)
    expect(await keysOf(store)).toEqual([])
  })

  test('exists: objects, and folders by either marker or by what lies in them', async () => {
    const { client, store } = await worldOf(create)
    expect(await client.exists(BUCKET)).toBe(true)
    expect(await client.exists(`${BUCKET}/`)).toBe(true)
    expect(await client.exists(`${BUCKET}/nope`)).toBe(false)
    expect(await client.exists(`${BUCKET}/nope/`)).toBe(false)
    await store.put('tempfile', utf8('x'))
    expect(await client.exists(`${BUCKET}/tempfile`)).toBe(true)
    expect(await client.exists(`${BUCKET}/temp`)).toBe(false)
    await store.put('tempdir0_$folder$', new Uint8Array(0))
    expect(await client.exists(`${BUCKET}/tempdir0`)).toBe(true)
    await store.put('tempdir1/', new Uint8Array(0))
    expect(await client.exists(`${BUCKET}/tempdir1`)).toBe(true)
    await store.put('tempdir2/subdir', utf8('x'))
    expect(await client.exists(`${BUCKET}/tempdir2`)).toBe(true)
    expect(await client.exists(`${BUCKET}/tempdir2/`)).toBe(true)
    expect(await client.exists(`${BUCKET}/tempdir`)).toBe(false)
  })

  test('isDir: a bucket and both markers, and no file', async () => {
    const { client, store } = await worldOf(create)
    expect(await client.isDir(BUCKET)).toBe(true)
    await store.put('tempdir0_$folder$', new Uint8Array(0))
    await store.put('tempdir1/', new Uint8Array(0))
    await store.put('key', utf8('x'))
    expect(await client.isDir(`${BUCKET}/tempdir0`)).toBe(true)
    expect(await client.isDir(`${BUCKET}/tempdir1`)).toBe(true)
    expect(await client.isDir(`${BUCKET}/tempdir1/`)).toBe(true)
    expect(await client.isDir(`${BUCKET}/key`)).toBe(false)
  })

  test('get fills a stream', async () => {
    const { client } = await worldOf(create)
    await client.putString('some\r\nbytes', `${BUCKET}/key`)
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>()
    const [, text] = await Promise.all([
      client.get(`${BUCKET}/key`, writable),
      new Response(readable).text(),
    ])
    expect(text).toBe('some\r\nbytes')
    await expect(client.get(`${BUCKET}/none`, new WritableStream())).rejects.toMatchObject({
      code: 'not-found',
    })
  })

  test('getAsBytes and getAsString, in more than one encoding', async () => {
    const { client } = await worldOf(create)
    const path = `${BUCKET}/key`
    await client.put(new Uint8Array([0x46, 0xf8, 0x80]), path)
    expect([...(await client.getAsBytes(path))]).toEqual([0x46, 0xf8, 0x80])
    expect(await client.getAsString(path, 'ISO-8859-1')).toBe('Fø\u0080')
    expect(await client.getAsString(path, 'latin_1')).toBe('Fø\u0080')
    expect(await client.getAsString(path, 'windows-1252')).toBe('Fø€')
    await expect(client.getAsString(path)).rejects.toMatchObject({ code: 'invalid-record' })
    await expect(client.getAsString(path, 'ascii')).rejects.toMatchObject({
      code: 'invalid-record',
    })
    await expect(client.getAsString(path, 'none-such')).rejects.toMatchObject({
      code: 'invalid-options',
    })
    await expect(client.getAsString(`${BUCKET}/none`)).rejects.toMatchObject({ code: 'not-found' })
  })

  test('getKey: of exactly this key', async () => {
    const { client } = await worldOf(create)
    await client.putString('text', `${BUCKET}/folder/key`)
    expect(await client.getKey(`${BUCKET}/folder/key`)).toMatchObject({
      key: 'folder/key',
      sizeBytes: 4,
    })
    for (const path of ['/folder', '/folder/', '/folder/key2', '', '/']) {
      expect(await client.getKey(BUCKET + path), path).toBeUndefined()
    }
  })

  test('mkdir', async () => {
    const { client, store } = await worldOf(create)
    await client.mkdir(BUCKET)
    expect(await keysOf(store)).toEqual([])
    await client.mkdir(`${BUCKET}/dir`)
    expect(await client.isDir(`${BUCKET}/dir`)).toBe(true)
    expect(await keysOf(store)).toEqual(['dir/'])
    await store.put('dir/', new Uint8Array(0), { metadata: { kept: 'yes' } })
    await client.mkdir(`${BUCKET}/dir`)
    expect(await store.head('dir/')).toMatchObject({ metadata: { kept: 'yes' } })
    await expect(client.mkdir(`${BUCKET}/dir`, { raiseIfExists: true })).rejects.toMatchObject({
      code: 'already-exists',
    })
    const noParent = client.mkdir(`${BUCKET}/new/sub`, { parents: false })
    await expect(noParent).rejects.toMatchObject({ code: 'not-found', key: 'new' })
    expect(await client.exists(`${BUCKET}/new`)).toBe(false)
    // Luigi wants the folder itself to be there.
    await client.mkdir(`${BUCKET}/dir/sub`, { parents: false })
    await client.mkdir(`${BUCKET}/top`, { parents: false })
    expect(await keysOf(store)).toEqual(['dir/', 'dir/sub/', 'top/'])
  })

  test('list and listdir: sorted, with the marker, and by time', async () => {
    const { client } = await worldOf(create)
    const paths = ['a', 'b/c', 'b/d', 'z']
    for (const path of paths) await client.putString(path, `${BUCKET}/hello/${path}`)
    await client.putString('', `${BUCKET}/hello/`)
    await client.putString('x', `${BUCKET}/hello2`)
    expect(await all(client.list(`${BUCKET}/hello`))).toEqual(['', ...paths])
    expect(await all(client.list(`${BUCKET}/hello/`))).toEqual(['', ...paths])
    const whole = ['', ...paths].map((path) => `s3n://mybucket/hello/${path}`)
    expect(await all(client.listdir('s3n://mybucket/hello'))).toEqual(whole)
    expect(await all(client.list(BUCKET))).toHaveLength(6)
    for (const root of [BUCKET, `${BUCKET}/`, `${BUCKET}//`]) {
      expect((await all(client.listdir(root)))[1]).toBe(`${BUCKET}/hello/a`)
    }
    const files = await all(client.list(`${BUCKET}/hello`, { returnKey: true }))
    expect(files.map(({ key, sizeBytes }) => [key, sizeBytes])[2]).toEqual(['hello/b/c', 3])
    const objects = await all(client.listdir(`${BUCKET}/hello`, { returnKey: true }))
    expect(objects.map(({ key }) => key)).toEqual(files.map(({ key }) => key))

    const times = files.map(({ lastModified }) => lastModified.getTime())
    const [first, last] = [new Date(Math.min(...times)), new Date(Math.max(...times))]
    const around = { startTime: new Date(+first - 1), endTime: new Date(+last + 1) }
    expect(await all(client.list(`${BUCKET}/hello`, around))).toHaveLength(5)
    expect(await all(client.list(`${BUCKET}/hello`, { startTime: last }))).toEqual([])
    expect(await all(client.list(`${BUCKET}/hello`, { endTime: first }))).toEqual([])
    await expect(
      all(client.list(BUCKET, { startTime: new Date(Number.NaN) })),
    ).rejects.toMatchObject({ code: 'invalid-options' })
  })

  describe('remove', () => {
    test('files, folders, and never a bucket', async () => {
      const { client, store } = await worldOf(create)
      expect(await client.remove(`${BUCKET}/doesNotExist`)).toBe(false)
      await client.putString('x', `${BUCKET}/removeMe0`)
      expect(await client.remove(`${BUCKET}/removeMe0`)).toBe(true)
      expect(await client.exists(`${BUCKET}/removeMe0`)).toBe(false)
      for (const path of [BUCKET, `${BUCKET}/`]) {
        await expect(client.remove(path)).rejects.toMatchObject({ code: 'invalid-options' })
        await expect(client.move(path, `${BUCKET}/x`)).rejects.toMatchObject({
          code: 'invalid-options',
        })
      }
      await client.putString('x', `${BUCKET}/removemedir/sub/file`)
      const folder = `${BUCKET}/removemedir`
      await expect(client.remove(folder, { recursive: false })).rejects.toMatchObject({
        code: 'invalid-options',
      })
      expect(await client.exists(folder)).toBe(true)
      await store.put('removemedir_$folder$', new Uint8Array(0))
      expect(await client.remove(folder)).toBe(true)
      expect(await keysOf(store)).toEqual([])
    })

    // Luigi removes the object alone, or the marker alone, and a second call the rest.
    const NEIGHBOURS = 'all of %j in one call, and no neighbour'
    caseOf(NEIGHBOURS).each(['d', 'd/'])(NEIGHBOURS, async (path) => {
      const { client, store } = await worldOf(create)
      for (const key of ['d', 'd/', 'd/1', 'd/2/3', 'd_$folder$', 'd.x', 'de']) {
        await store.put(key, new Uint8Array(0))
      }
      expect(await client.remove(`${BUCKET}/${path}`)).toBe(true)
      const left = path === 'd' ? ['d.x', 'de'] : ['d', 'd.x', 'de']
      expect(await keysOf(store)).toEqual(left)
    })

    const ALONE = 'without recursive, an object and not what is below it'
    caseOf(ALONE)(ALONE, async () => {
      const { client, store } = await worldOf(create)
      await store.put('d', utf8('x'))
      await store.put('d/1', utf8('x'))
      expect(await client.remove(`${BUCKET}/d`, { recursive: false })).toBe(true)
      expect(await keysOf(store)).toEqual(['d/1'])
    })

    test(`${manyKeys} keys`, async () => {
      const { client, store } = await worldOf(create)
      const names = Array.from({ length: manyKeys }, (_, i) => `many/${i}`)
      for (let at = 0; at < manyKeys; at += 100) {
        await Promise.all(
          names.slice(at, at + 100).map((name) => store.put(name, new Uint8Array(0))),
        )
      }
      expect(await client.remove(`${BUCKET}/many`)).toBe(true)
      expect(await keysOf(store)).toEqual([])
    })
  })

  describe('copy', () => {
    test('a folder without files is nothing to copy', async () => {
      const { client, store } = await worldOf(create)
      await client.mkdir(`${BUCKET}/empty`)
      expect(await client.copy(`${BUCKET}/empty`, `${BUCKET}/to`)).toEqual({ count: 0, bytes: 0 })
      expect(await keysOf(store)).toEqual(['empty/'])
    })

    test('20 files', async () => {
      const { client } = await worldOf(create)
      for (let i = 0; i < 20; i++) await client.putString('x'.repeat(i), `${BUCKET}/from/${i}`)
      const options = { threads: 10 }
      expect(await client.copy(`${BUCKET}/from/`, `${BUCKET}/to`, options)).toEqual({
        count: 20,
        bytes: 190,
      })
      for (let i = 0; i < 20; i++) {
        expect(await client.getAsString(`${BUCKET}/to/${i}`)).toBe('x'.repeat(i))
      }
    })

    // Luigi takes it for a folder, and leaves the object behind.
    const BOTH = 'an object and the folder of its name are both copied, and moved'
    caseOf(BOTH)(BOTH, async () => {
      const { client, store } = await worldOf(create)
      await client.putString('object', `${BUCKET}/d`)
      await client.putString('child', `${BUCKET}/d/1`)
      expect(await client.copy(`${BUCKET}/d`, `${BUCKET}/e`)).toEqual({ count: 2, bytes: 11 })
      await client.move(`${BUCKET}/d`, `${BUCKET}/f`)
      expect(await keysOf(store)).toEqual(['e', 'e/1', 'f', 'f/1'])
      expect(await client.getAsString(`${BUCKET}/f`)).toBe('object')
    })

    test('onto or into itself is refused, and nothing is lost', async () => {
      const { client, store } = await worldOf(create)
      await client.putString('x', `${BUCKET}/d/1`)
      await client.putString('x', `${BUCKET}/file`)
      for (const [from, to] of [
        ['d', 'd'],
        ['d', 'd/sub'],
        ['d/', 'd'],
        ['file', 'file'],
        // Its copy would lie in what the removal takes for its folder.
        ['file', 'file/sub'],
        ['', 'd'],
      ]) {
        const copied = client.copy(`${BUCKET}/${from}`, `${BUCKET}/${to}`)
        await expect(copied, `${from} ${to}`).rejects.toMatchObject({ code: 'invalid-options' })
        const moved = client.move(`${BUCKET}/${from}`, `${BUCKET}/${to}`)
        await expect(moved).rejects.toMatchObject({ code: 'invalid-options' })
      }
      expect(await keysOf(store)).toEqual(['d/1', 'file'])
    })

    // A move in Luigi loses `d/x/x/z`: the copy, `d/x/z`, is removed with the source.
    test('to the folder above, unless it would write below itself', async () => {
      const { client, store } = await worldOf(create)
      for (const name of ['a', 'x/z']) await client.putString(name, `${BUCKET}/d/x/${name}`)
      for (const above of ['d', 'd/']) {
        const refused = { code: 'invalid-options' }
        const paths = [`${BUCKET}/d/x`, `${BUCKET}/${above}`] as const
        await expect(client.copy(...paths)).rejects.toMatchObject(refused)
        await expect(client.move(...paths)).rejects.toMatchObject(refused)
      }
      expect(await keysOf(store)).toEqual(['d/x/a', 'd/x/x/z'])
      await client.move(`${BUCKET}/d/x/x`, `${BUCKET}/d/x`)
      await client.move(`${BUCKET}/d/x`, BUCKET)
      expect(await keysOf(store)).toEqual(['a', 'z'])
    })

    test('what is not there', async () => {
      const { client } = await worldOf(create)
      const nothing = { code: 'not-found' }
      await expect(client.copy(`${BUCKET}/no`, `${BUCKET}/to`)).rejects.toMatchObject(nothing)
      await expect(client.move(`${BUCKET}/no`, `${BUCKET}/to`)).rejects.toMatchObject(nothing)
    })

    test('by time', async () => {
      const { client, store } = await worldOf(create)
      await client.putString('x', `${BUCKET}/from/1`)
      const endTime = new Date(0)
      const copied = await client.copy(`${BUCKET}/from`, `${BUCKET}/to`, { endTime })
      expect(copied).toEqual({ count: 0, bytes: 0 })
      // With it a move would remove what it left out.
      const moved = client.move(`${BUCKET}/from`, `${BUCKET}/to`, { endTime } as object)
      await expect(moved).rejects.toMatchObject({ code: 'invalid-options' })
      expect(await keysOf(store)).toEqual(['from/1'])
    })

    test('from one bucket to another, headers included', async () => {
      const [from, to] = [await create(), (await worldOf(create)).store]
      const client = new S3Client({ buckets: { from, to } })
      const headers = { contentType: 'text/csv', metadata: { who: 'me' } }
      await client.putString('a', 's3://from/x/a', headers)
      expect(await client.copy('s3://from/x', 's3://to/y')).toEqual({ count: 1, bytes: 1 })
      expect(await client.getKey('s3://to/y/a')).toMatchObject(headers)
    })
  })

  test('move and rename take the source away', async () => {
    const { client, store } = await worldOf(create)
    await client.putString('x', `${BUCKET}/a/1`)
    await client.move(`${BUCKET}/a`, `${BUCKET}/b`)
    await client.rename(`${BUCKET}/b/1`, `${BUCKET}/c`)
    expect(await keysOf(store)).toEqual(['c'])
  })

  test('a move to another name of the same place loses nothing', async () => {
    const store = await create()
    const aliases = { x: store, y: withPrefix(store, 'f/') }
    const client = new S3Client({ buckets: aliases })
    await client.putString('1', 's3://x/f/a')
    await client.putString('2', 's3://x/f/d/1')
    await client.putString('3', 's3://x/f/d/2')
    for (const [from, to] of [
      ['s3://x/f/a', 's3://y/a'],
      ['s3://y/a', 's3://x/f/a'],
      ['s3://x/f/d', 's3://y/d'],
      ['s3://x/f', 's3://y/'],
    ]) {
      const moved = client.move(from as string, to as string)
      await expect(moved, `${from} ${to}`).rejects.toMatchObject({ code: 'invalid-options' })
    }
    expect(await keysOf(store)).toEqual(['f/a', 'f/d/1', 'f/d/2'])
    // Below the source: what was copied there is left to be looked at.
    const into = client.move('s3://x/f/d', 's3://y/d/sub')
    await expect(into).rejects.toMatchObject({ code: 'conflict' })
    expect(await keysOf(store)).toEqual(expect.arrayContaining(['f/a', 'f/d/1', 'f/d/2']))
    await client.move('s3://x/f/a', 's3://y/b')
    expect(await client.getAsString('s3://x/f/b')).toBe('1')
  })

  test('a move onto the marker of the source is refused', async () => {
    const { client, store } = await worldOf(create)
    await client.putString('x', `${BUCKET}/m`)
    const moved = client.move(`${BUCKET}/m`, `${BUCKET}/m_$folder$`)
    await expect(moved).rejects.toMatchObject({ code: 'invalid-options' })
    expect(await keysOf(store)).toEqual(['m'])
  })

  test('what changes while it is moved is not removed', async () => {
    const { client: inner, store } = await worldOf(create)
    await inner.putString('1', `${BUCKET}/d/1`)
    let writes = 0
    const { copy: _, ...plain } = store
    const busy: Store = {
      ...plain,
      async put(key, ...rest) {
        const done = await store.put(key, ...rest)
        if (writes++ === 0) await store.put('d/late', utf8('2'))
        return done
      },
    }
    const client = new S3Client({ buckets: { mybucket: busy } })
    const moved = client.move(`${BUCKET}/d`, `${BUCKET}/e`)
    await expect(moved).rejects.toMatchObject({ code: 'conflict' })
    expect(await keysOf(store)).toEqual(expect.arrayContaining(['d/1', 'd/late', 'e/1']))
  })

  test('renameDontMove moves once', async () => {
    const { client, store } = await worldOf(create)
    await client.putString('1', `${BUCKET}/a`)
    await client.renameDontMove(`${BUCKET}/a`, `${BUCKET}/b`)
    await client.putString('2', `${BUCKET}/a`)
    await expect(client.renameDontMove(`${BUCKET}/a`, `${BUCKET}/b`)).rejects.toMatchObject({
      code: 'already-exists',
    })
    expect(await keysOf(store)).toEqual(['a', 'b'])
    expect(await client.getAsString(`${BUCKET}/b`)).toBe('1')
  })
}
