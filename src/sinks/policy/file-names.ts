import type { Lane } from '../../contracts/index.ts'
import { laneId } from '../../core/lane.ts'
import { isDeadLetter } from '../dead-letters/lane.ts'
import { DEFAULT_NAME, type NameValues, nameTemplate } from './name.ts'

/** Dead letters keep this name whatever the stream's template is: they must be found without knowing it. */
const deadLetterName = nameTemplate(DEFAULT_NAME)

/** Each is a text of a key's length; a set of all that ever were would grow as long as the sink lives. */
const MAX_CHECKED_LANES = 1000

/** The keys of one stream's files. */
export class FileNames {
  /** The id that an object carries, and that its name may hold. */
  readonly newId: () => string
  readonly #name: (values: NameValues) => string
  readonly #saysEnd: boolean
  /** Lanes whose keys are known to be valid. */
  readonly #checked = new Set<string>()

  constructor(template: string, newId: () => string) {
    this.#name = nameTemplate(template)
    this.#saysEnd = /\{end[:}]/.test(template)
    this.newId = newId
  }

  keyOf(values: NameValues): string {
    return (isDeadLetter(values.lane) ? deadLetterName : this.#name)(values)
  }

  /** Whether a file's end must be known before it has a key. */
  saysEnd(lane: Lane): boolean {
    return this.#saysEnd || isDeadLetter(lane)
  }

  /** Throws `invalid-key` if some file of the lane could not be named. */
  check(lane: Lane, extension: string): void {
    const id = laneId(lane)
    if (this.#checked.has(id)) return
    const end = Number.MAX_SAFE_INTEGER
    this.keyOf({ lane, begin: end, end, id: this.newId(), openedAtMs: 0, extension })
    if (this.#checked.size >= MAX_CHECKED_LANES) this.#checked.clear()
    this.#checked.add(id)
  }
}
