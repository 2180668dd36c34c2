/** Luigi's tests of its target (S3TargetTest and FileSystemTargetTestMixin), as cases for any store. */
import { describe, expect, test } from 'vitest'
import { gzip } from '../../../src/compat/luigi/formats/gzip.ts'
import {
  bytes,
  chainFormats,
  pipedWriter,
  S3FlagTarget,
  S3Target,
  type TargetFormat,
  text,
} from '../../../src/compat/luigi/index.ts'
import type { Bytes, Store } from '../../../src/contracts/index.ts'
import { concatBytes, utf8 } from '../../../src/core/bytes.ts'
import { all, BUCKET, keysOf, pattern, uploadsOf, worldOf } from './world.ts'

const PATH = `${BUCKET}/folder/file`

export function targetBehaviours(create: () => Promise<Store>): void {
  test('its path is what it was given', async () => {
    const { client } = await worldOf(create)
    const target = new S3Target(PATH, { client })
    expect(target.path).toBe(PATH)
    expect(await target.remove()).toBe(false)
  })

  test('what is written appears at the end, and is read back', async () => {
    const { client, store } = await worldOf(create)
    const target = new S3Target(PATH, { client, contentType: 'text/csv' })
    const file = target.open('w')
    await file.write('Größe 😀\n')
    for (const line of ['two\n', 'three\n', 'last']) await file.write(line)
    expect(await target.exists()).toBe(false)
    const written = await file.close()
    expect(written).toMatchObject({ key: 'folder/file', bytes: 27 })
    // Luigi uploads again at each close.
    expect(await file.close()).toEqual(written)
    expect(await target.exists()).toBe(true)
    expect(await store.head('folder/file')).toMatchObject({ contentType: 'text/csv' })
    await using lines = await target.open()
    expect(await all(lines)).toEqual(['Größe 😀', 'two', 'three', 'last'])
    await using whole = await target.open('r')
    expect(await whole.read()).toBe('Größe 😀\ntwo\nthree\nlast')
    expect(await target.remove()).toBe(true)
    expect(await keysOf(store)).toEqual([])
  })

  test('open: a missing file, and no other mode', async () => {
    const { client } = await worldOf(create)
    const target = new S3Target(PATH, { client })
    await expect(target.open('r')).rejects.toMatchObject({ code: 'not-found' })
    expect(() => target.open('a' as 'w')).toThrow('r or w')
    expect(() => target.open('rb' as 'r')).toThrow('r or w')
  })

  describe.each([
    ['small', 10],
    ['in parts on its way', 12 * 1024 ** 2],
  ])('a %s file that is not closed leaves nothing', (_, size) => {
    test('after an exception, and what was there stays', async () => {
      const { client, store } = await worldOf(create)
      await store.put('folder/file', utf8('before'))
      const target = new S3Target(PATH, { client, format: bytes(), partSize: 5 * 1024 ** 2 })
      const run = async (): Promise<void> => {
        await using file = target.open('w')
        await file.write(pattern(size))
        throw new Error('of the task')
      }
      await expect(run()).rejects.toThrow('of the task')
      expect(await client.getAsString(PATH)).toBe('before')
      expect(await keysOf(store)).toEqual(['folder/file'])
      expect(await uploadsOf(store)).toEqual([])
    })

    test('after a failure of the format', async () => {
      const { client, store } = await worldOf(create)
      const target = new S3Target(PATH, { client, partSize: 5 * 1024 ** 2 })
      const file = target.open('w')
      await file.write('x'.repeat(size))
      const failure = { code: 'invalid-record' }
      await expect(file.write('\ud800 alone')).rejects.toMatchObject(failure)
      await expect(file.write('more')).rejects.toMatchObject(failure)
      // Luigi's second close() succeeds, and the data is gone.
      await expect(file.close()).rejects.toMatchObject(failure)
      await expect(file.close()).rejects.toMatchObject(failure)
      expect(await keysOf(store)).toEqual([])
      expect(await uploadsOf(store)).toEqual([])
    })
  })

  test('a file that is abandoned is never visible', async () => {
    const { client, store } = await worldOf(create)
    await new S3Target(PATH, { client }).open('w').write('text')
    expect(await keysOf(store)).toEqual([])
  })

  test('lines of any length, across the chunks that they come in', async () => {
    const { client } = await worldOf(create)
    const lines = ['a'.repeat(300_000), '', 'b'.repeat(100_000), 'ü'.repeat(70_000), 'c']
    await client.putString(`${lines.join('\n')}\n`, PATH)
    await using texts = await new S3Target(PATH, { client }).open()
    expect(await all(texts)).toEqual(lines)
    // Of bytes, Luigi cannot iterate.
    await using raw = await new S3Target(PATH, { client, format: bytes() }).open()
    const decoder = new TextDecoder()
    expect((await all(raw)).map((line) => decoder.decode(line))).toEqual(lines)
    await using short = await new S3Target(PATH, { client }).open('r', { maxLineLength: 299_999 })
    await expect(all(short)).rejects.toMatchObject({ code: 'too-large' })
  })

  test('read(size), lines and the rest, by turns', async () => {
    const { client } = await worldOf(create)
    await client.putString('0123456789\nline\nrest\nof it', PATH)
    await using file = await new S3Target(PATH, { client }).open()
    expect(await file.read(0)).toBe('')
    expect(await file.read(4)).toBe('0123')
    expect(await file.next()).toEqual({ done: false, value: '456789' })
    expect(await file.next()).toEqual({ done: false, value: 'line' })
    expect(await file.read()).toBe('rest\nof it')
    expect(await file.read(1)).toBe('')
    expect(await file.next()).toEqual({ done: true, value: undefined })
    await expect(file.read(-1)).rejects.toMatchObject({ code: 'invalid-options' })
  })

  test('what is closed before a read is done gives an error, and no empty text', async () => {
    const { client } = await worldOf(create)
    await client.putString('one\ntwo\n', PATH)
    const target = new S3Target(PATH, { client })
    const unwaited = async (): Promise<string> => {
      await using file = await target.open()
      return file.read()
    }
    await expect(unwaited()).rejects.toMatchObject({ code: 'invalid-options' })
    // Nobody listens while it is closed, which may end a process.
    const late = await target.open()
    const reading = late.read()
    await late.close()
    await new Promise((resolve) => setTimeout(resolve))
    await expect(reading).rejects.toMatchObject({ code: 'invalid-options' })
    const file = await target.open()
    await file.close()
    await expect(file.read()).rejects.toMatchObject({ code: 'invalid-options' })
    expect(await file.next()).toEqual({ done: true, value: undefined })
  })

  test('bytes come back as they were, whatever newlines are in them', async () => {
    const { client } = await worldOf(create)
    const target = new S3Target(PATH, { client, format: bytes() })
    const file = target.open('w')
    await file.write(utf8('a\r\nb\rc\n'))
    await file.write(new Uint8Array([0xff, 0x00, 0x0a]))
    await file.close()
    await using whole = await target.open()
    expect([...(await whole.read())]).toEqual([...utf8('a\r\nb\rc\n'), 0xff, 0x00, 0x0a])
    const misused = target.open('w')
    await expect(misused.write('text' as never)).rejects.toMatchObject({ code: 'invalid-options' })
  })

  test('text is read with one kind of newline, and of the encoding that was said', async () => {
    const { client } = await worldOf(create)
    await client.put([utf8('\ufeffa\r'), utf8('\nb\rc'), utf8('\n\r'), utf8('d\r')], PATH)
    await using file = await new S3Target(PATH, { client }).open()
    expect(await file.read()).toBe('a\nb\nc\n\nd\n')
    const latin = new S3Target(PATH, { client, format: text({ encoding: 'latin-1' }) })
    const writer = latin.open('w')
    await writer.write('Fø\u0080')
    await writer.close()
    expect([...(await client.getAsBytes(PATH))]).toEqual([0x46, 0xf8, 0x80])
    await using back = await latin.open()
    expect(await back.read()).toBe('Fø\u0080')
    await expect(latin.open('w').write('€')).rejects.toMatchObject({ code: 'invalid-record' })
    const japanese = new S3Target(PATH, { client, format: text({ encoding: 'shift_jis' }) })
    expect(() => japanese.open('w')).toThrow('can be read')
    await client.put(new Uint8Array([0x82, 0xa0, 0x0a]), PATH)
    await using read = await japanese.open()
    expect(await all(read)).toEqual(['あ'])
  })

  test('a character that is cut in two by writes stays one', async () => {
    const { client } = await worldOf(create)
    const file = new S3Target(PATH, { client }).open('w')
    for (const half of '😀') for (const unit of half.split('')) await file.write(unit)
    await file.close()
    expect(await client.getAsString(PATH)).toBe('😀')
  })

  test('a format of one’s own', async () => {
    const { client } = await worldOf(create)
    const shouted: TargetFormat<string, string> = {
      input: 'text',
      output: 'text',
      async *pipeReader(source) {
        for await (const piece of source) yield piece.toLowerCase()
      },
      pipeWriter: (target) => pipedWriter(target, (piece: string) => [piece.toUpperCase()]),
    }
    const target = new S3Target(PATH, { client, format: chainFormats(shouted, text()) })
    const file = target.open('w')
    await file.write('quiet')
    await file.close()
    expect(await client.getAsString(PATH)).toBe('QUIET')
    await using back = await target.open()
    expect(await back.read()).toBe('quiet')
    expect(() => chainFormats(text(), shouted as never)).toThrow('cannot stand before')
  })

  test('gzip: nothing before close(), text behind it, and back', async () => {
    const { client, store } = await worldOf(create)
    const format = chainFormats(text(), gzip())
    const target = new S3Target(PATH, { client, format })
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} of it`)
    const file = target.open('w')
    for (const line of lines) await file.write(`${line}\n`)
    expect(await target.exists()).toBe(false)
    const { bytes: size } = await file.close()
    expect(size).toBeLessThan(100_000)
    await using back = await target.open()
    expect(await all(back)).toEqual(lines)
    const failing = async (): Promise<void> => {
      await using second = new S3Target(`${BUCKET}/second`, { client, format }).open('w')
      await second.write('x')
      throw new Error('of the task')
    }
    await expect(failing()).rejects.toThrow('of the task')
    expect(await keysOf(store)).toEqual(['folder/file'])
  })

  test('temporaryPath: whole or absent, and no marker for the folder', async () => {
    const { client, store } = await worldOf(create)
    const target = new S3Target(PATH, { client })
    let seen = ''
    await target.temporaryPath(async (path) => {
      seen = path
      await client.putString('text', path)
      expect(await keysOf(store)).toEqual([path.slice(BUCKET.length + 1)])
    })
    expect(seen).toMatch(/^s3:\/\/mybucket\/folder\/file-luigi-tmp-\d{10}$/)
    expect(await keysOf(store)).toEqual(['folder/file'])
    const again = target.temporaryPath((path) => client.putString('x', path).then(() => {}))
    await expect(again).rejects.toMatchObject({ code: 'already-exists' })
    const failing = new S3Target(`${BUCKET}/dir/`, { client }).temporaryPath(async (path) => {
      seen = path
      await client.putString('x', `${path}part`)
      throw new Error('of the task')
    })
    await expect(failing).rejects.toThrow('of the task')
    expect(seen).toMatch(/dir-luigi-tmp-\d{10}\/$/)
    expect(await keysOf(store)).toEqual(['folder/file'])
    // Beside a bucket there are others, of other people.
    for (const path of [BUCKET, `${BUCKET}/`, `${BUCKET}//`]) {
      const bucket = new S3Target(path, { client })
      const refused = { code: 'invalid-options' }
      await expect(bucket.temporaryPath(async () => {})).rejects.toMatchObject(refused)
    }
  })

  test('S3FlagTarget: a folder that is complete when its flag says so', async () => {
    const { client } = await worldOf(create)
    const target = new S3FlagTarget(`${BUCKET}/out/`, { client, flag: undefined })
    await client.putString('x', `${BUCKET}/out/part-0`)
    expect(await target.exists()).toBe(false)
    await client.putString('', `${BUCKET}/out/_SUCCESS`)
    expect(await target.exists()).toBe(true)
    const done = new S3FlagTarget(`${BUCKET}/out/`, { client, flag: 'done' })
    expect(await done.exists()).toBe(false)
    for (const path of ['', `${BUCKET}/out`]) {
      expect(() => new S3FlagTarget(path, { client })).toThrow('must end in a slash')
    }
  })

  test('a body is let go when nobody reads on', async () => {
    const { client } = await worldOf(create)
    await client.put(pattern(1_000_000), PATH)
    const file = await new S3Target<Bytes>(PATH, { client, format: bytes() }).open()
    await file.read(10)
    await file.close()
    await file.close()
    expect(await file.next()).toEqual({ done: true, value: undefined })
  })

  test('two write at once: each file is whole, and the last one stays', async () => {
    const { client } = await worldOf(create)
    const target = new S3Target(PATH, { client })
    const [one, other] = [target.open('w'), target.open('w')]
    await one.write('one, ')
    await other.write('other, ')
    await one.write('one')
    await other.write('other')
    await other.close()
    expect(await client.getAsString(PATH)).toBe('other, other')
    await one.close()
    expect(await client.getAsString(PATH)).toBe('one, one')
  })

  test.each(['before', 'after'])('abort() %s close(), not waited for', async (when) => {
    const { client, store } = await worldOf(create)
    const target = new S3Target(PATH, { client, format: chainFormats(bytes(), gzip()) })
    const file = target.open('w')
    await file.write(pattern(100_000))
    const [closed, aborted] =
      when === 'before' ? [file.abort(), file.close()].reverse() : [file.close(), file.abort()]
    await aborted
    const isThere = await (closed as Promise<unknown>).then(
      () => true,
      () => false,
    )
    // What was being completed cannot be called back: then it is there, and close() has said so.
    expect(await target.exists()).toBe(isThere)
    expect(when === 'before' && isThere).toBe(false)
    expect(await uploadsOf(store)).toEqual([])
    await expect(file.write(pattern(1))).rejects.toThrow()
  })

  test('writes that nobody waits for stay in their order', async () => {
    const { client } = await worldOf(create)
    const target = new S3Target(PATH, { client, format: chainFormats(bytes(), gzip()) })
    const file = target.open('w')
    // Nothing that can be packed: each gives several pieces.
    let state = 1
    const pieces = Array.from({ length: 3 }, () =>
      new Uint8Array(150_000).map(() => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
        return state >>> 16
      }),
    )
    const writes = pieces.map((piece) => file.write(piece))
    await Promise.all([...writes, file.close()])
    await using read = await target.open()
    const [found, wanted] = [await read.read(), concatBytes(pieces)]
    expect(found.byteLength).toBe(wanted.byteLength)
    expect(found.every((byte, i) => byte === wanted[i])).toBe(true)
  })
}
