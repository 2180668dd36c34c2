import type { MultipartToken } from '../../contracts/index.ts'
import type { Owner } from './scheduler.ts'

interface Upload {
  readonly token: MultipartToken
  readonly by: Owner
  told: boolean
  /** Whether the log refused to know it, in words that leave open whether the next owner does. */
  doubtful: boolean
  /** Whose log has it. */
  owner: Owner | undefined
  /** Who gave its records up with it, and was to abort it, or to say that it could not. */
  givenUpBy: Owner | undefined
  left: boolean
}

/** Who began which upload, and whether a log has ever known it. */
export class OpenUploads {
  readonly #fail: (what: string) => void
  readonly #uploads = new Map<string, Upload>()

  constructor(fail: (what: string) => void) {
    this.#fail = fail
  }

  created(token: MultipartToken, by: Owner): void {
    const unknown = { told: false, doubtful: false, owner: undefined, givenUpBy: undefined }
    this.#uploads.set(token.uploadId, { token, by, left: false, ...unknown })
  }

  /** The answer reached whoever asked. An upload whose answer was lost is nobody's but the janitor's. */
  told(uploadId: string): void {
    const upload = this.#uploads.get(uploadId)
    if (upload) upload.told = true
  }

  /** It is in the log that this process owns. */
  logged(uploadId: string, owner: Owner): void {
    const upload = this.#uploads.get(uploadId)
    if (upload) upload.owner = owner
  }

  /** The log failed when it was to be told of it. */
  doubted(uploadId: string): void {
    const upload = this.#uploads.get(uploadId)
    if (upload) upload.doubtful = true
  }

  /** The log has forgotten it, for good. */
  givenUp(uploadId: string, by: Owner): void {
    const upload = this.#uploads.get(uploadId)
    if (upload) Object.assign(upload, { owner: undefined, told: false, givenUpBy: by })
  }

  /** It could not be aborted, which was said. */
  left(uploadId: string): void {
    const upload = this.#uploads.get(uploadId)
    if (upload) upload.left = true
  }

  /** Whoever has given up some, and was not cut off at it, has left none of them open without a word. */
  checkGivenUp(by: Owner, open: ReadonlySet<string>): void {
    for (const [id, { token, givenUpBy, left }] of this.#uploads) {
      if (givenUpBy !== by || left || !open.has(id)) continue
      this.#fail(`the upload of ${token.key} was given up and left open`)
    }
  }

  /** Whether one of these is in the log that this process owns. */
  isOneOf(ids: ReadonlySet<string>, owner: Owner): boolean {
    return [...this.#uploads].some(([id, upload]) => upload.owner === owner && ids.has(id))
  }

  /** The log that these had is gone, with all that it knew. */
  lost(owners: readonly Owner[]): void {
    for (const [id, { by, owner = by }] of this.#uploads) {
      if (owners.includes(by) || owners.includes(owner)) this.#uploads.delete(id)
    }
  }

  /** What a log knows is its owner's to go on with, and nobody else's to end. */
  aborts(uploadId: string, by: Owner): void {
    const { token, owner } = this.#uploads.get(uploadId) ?? {}
    if (owner && owner !== by)
      this.#fail(`${by.name} aborts the upload of ${token?.key}, which is ${owner.name}'s`)
  }

  /** Of those that are open at the end, none was ever in a log, and no more than one for each death and lane was heard of. */
  check(open: ReadonlySet<string>): void {
    const places = new Set<string>()
    for (const [id, { token, by, told, doubtful, left, owner }] of this.#uploads) {
      if (!open.has(id) || (!owner && !told)) continue
      if (owner) this.#fail(`the upload of ${token.key} is in the log and left open`)
      if (doubtful || left) continue
      if (by.alive) this.#fail(`the upload of ${token.key} was left open by ${by.name}, who lives`)
      const place = `${by.name} ${token.key.slice(0, token.key.lastIndexOf('/'))}`
      if (places.has(place)) this.#fail(`${place} left more than one upload open`)
      places.add(place)
    }
  }
}
