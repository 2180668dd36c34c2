import type { Subject } from './subjects.ts'

/** A bug that somebody really had, as one change of one line. */
export interface Mutant {
  readonly name: string
  /** Whose seeds must find it. Default: those of the sinks. */
  readonly subject?: Subject
  /** Below src/. */
  readonly file: string
  /** Stands there once. */
  readonly find: string
  readonly put: string
}

const ofSinks: readonly Mutant[] = [
  {
    name: 'tail lost: what was encoded and not yet sent is not sent again (FLINK-39778)',
    file: 'sinks/publish/write-object.ts',
    find: 'let doneBytes = Math.max(0, sizeOfParts(kept.arrived) - (from?.bytes ?? 0))',
    put: 'let doneBytes = sizeOfParts(kept.arrived)',
  },
  {
    name: 'what had arrived is sent again behind itself',
    file: 'sinks/publish/write-object.ts',
    find: 'let doneBytes = Math.max(0, sizeOfParts(kept.arrived) - (from?.bytes ?? 0))',
    put: 'let doneBytes = 0',
  },
  {
    name: 'leaked upload: one that is given up is not aborted (FLINK-39786)',
    file: 'sinks/publish/publish.ts',
    find: 'await store.resumeMultipart(token).abort({ signal })',
    put: '',
  },
  {
    name: 'leaked upload: parts are sent before the log knows of it (FLINK-39786)',
    file: 'sinks/publish/kept-upload.ts',
    find: 'await this.#keep()\n    this.isKept = true',
    put: 'this.isKept = true',
  },
  {
    name: 'aborting a live upload: the log is not asked whose it is (FLINK-40595)',
    file: 'sinks/publish/publish.ts',
    find: 'await session.progress(file.id, upload)\n',
    put: '',
  },
  {
    name: 'aborting a live upload: whoever stops ends what the log knows (FLINK-40595)',
    file: 'sinks/publish/publisher.ts',
    find: 'if (this.#options.volatile) await endUploads(this.#queue.items(), this.#options)',
    put: 'for (const { file } of this.#queue.items()) if (file.upload) await this.#options.store.resumeMultipart?.(file.upload.token).abort()',
  },
  {
    name: 'a new UUID on replay (Vector #20118)',
    file: 'sinks/publish/publisher.ts',
    find: 'for (const file of sealed) {',
    put: 'for (const one of sealed) {\n      const file = { ...one, key: one.key + Math.random() }',
  },
  {
    name: 'seal without persisted key: a restart makes it from its own clock',
    file: 'sinks/publish/publisher.ts',
    find: 'for (const file of sealed) {',
    put: "for (const one of sealed) {\n      const hour = new Date(options.clock.now()).getUTCHours()\n      const file = { ...one, key: one.key.replace(/h=../, 'h=' + hour) }",
  },
  {
    name: '412 on our own retry taken for fencing',
    file: 'sinks/publish/publish.ts',
    find: 'if (found && isFile(found, file)) {',
    put: 'if (found && isFile(found, file) && found.etag === file.id) {',
  },
  {
    name: '409 taken for "exists"',
    file: 'sinks/publish/publish.ts',
    find: "const refused = error.code === 'precondition-failed'",
    put: "const refused = error.code === 'precondition-failed' || error.code === 'conflict'",
  },
  {
    name: 'dead letter deleted although its write failed (otlp2parquet)',
    file: 'sinks/publish/publisher.ts',
    find: 'this.#queue.failed(items, error)\n',
    put: "this.#queue.failed(items, error)\n    for (const { file } of items) if (isDeadLetter(file.lane)) void this.#options.session.commit([storedFile(file, { etag: '', bytes: 0 })])\n",
  },
  {
    name: 'as many files at once as there are (a Worker has six connections)',
    file: 'sinks/publish/in-flight.ts',
    find: 'if (this.isEmpty) return true',
    put: 'if (this.items) return true',
  },
  {
    name: 'a file that failed is given up (Fluent Bit #7699)',
    file: 'sinks/publish/publisher.ts',
    find: 'this.#queue.failed(items, error)\n',
    put: 'for (const item of items) this.#queue.done(item)\n',
  },
  {
    name: 'partition taken from the first record of a batch (Bento #659)',
    file: 'sinks/intake/parts.ts',
    find: 'this.#parts.get(version)?.get(partition) ??',
    put: 'this.#parts.get(version)?.values().next().value ??',
  },
  {
    name: 'idle never flushed (Confluent #144)',
    file: 'sinks/policy/open-lanes.ts',
    find: 'this.#bytes += heldBytes(state)\n    this.#follow(lane)',
    put: 'this.#bytes += heldBytes(state)',
  },
  {
    name: 'flush does not wait (logstash 4.4.1)',
    file: 'sinks/sink-machine.ts',
    find: 'await opened.publisher.settled(signal)',
    put: 'opened.publisher.settled(signal).catch(() => {})',
  },
  {
    name: 'no bound on what waits (Confluent #177)',
    file: 'sinks/policy/room.ts',
    find: 'if (held > 0 && held + bytes > budget.logBytes) return false',
    put: '',
  },
  {
    name: 'a write that is sent again is kept again (Cloudflare Pipelines)',
    file: 'logs/producers.ts',
    find: 'if (answer.hash !== hash) {',
    put: 'if (answer.hash === hash) return undefined\n  if (answer.hash !== hash) {',
  },
  {
    name: 'ack before durable: the log is written and not synced (Vector #16666)',
    file: 'logs/segments/group-commit.ts',
    find: 'isWritten && segment.sync()',
    put: 'isWritten',
  },
  {
    name: 'the buffer of a group is filled anew while it is on its way to the file',
    file: 'logs/segments/group-commit.ts',
    find: 'await segment.append(frames.bytes)\n      frames.clear()',
    put: "const written = segment.append(frames.bytes)\n      void written.catch(() => {})\n      await this.#checkOwner()\n      frames.clear()\n      frames.add('group')\n      await written\n      frames.clear()",
  },
  {
    name: 'tail truncated one byte short: what ends with the file is taken for torn',
    file: 'logs/segments/scan.ts',
    find: 'if (needed > left) return offset',
    put: 'if (needed >= left) return offset',
  },
  {
    name: 'an older owner of the log acknowledges after it was fenced (SlateDB, RFC 1)',
    file: 'logs/segments/group-commit.ts',
    find: 'if (epochsIn(names).some((other) => other > epoch)) throw fenced()',
    put: '',
  },
  {
    name: 'a file of the log is removed while records lie in it (FLINK-13940)',
    file: 'logs/segments/group-commit.ts',
    find: 'if (segment.liveBytes > 0 || segment === this.#current) continue',
    put: 'if (segment === this.#current) continue',
  },
  {
    name: 'committed before the manifest names it',
    file: 'sinks/publish/publisher.ts',
    find: 'await this.#prepared?.manifest?.commit({ files })',
    put: 'void this.#prepared?.manifest?.commit({ files }).catch(() => {})',
  },
  {
    name: 'a dead letter has the receipt of its file’s first one',
    file: 'sinks/dead-letters/dead-letter.ts',
    find: 'const begin = position + i\n',
    put: 'const begin = position\n',
  },
  {
    name: 'a log remembers a producer’s last request only: the others that were under way are never answered',
    file: 'logs/retention.ts',
    find: 'KEEP_ANSWERS = 32',
    put: 'KEEP_ANSWERS = 1',
  },
  {
    name: 'a run that is cut off while it adds to visible files takes their place',
    file: 'sinks/account.ts',
    find: "if (this.#visible.isWaiting) this.answered = 'visible'",
    put: '',
  },
  {
    name: 'a run removes what the producer that goes on in it has made visible',
    file: 'sinks/account.ts',
    find: 'if (producer && this.#visible?.has(producer))',
    put: 'if (!this.#visible)',
  },
  {
    name: 'an audit is not told by the log what is missing at a lane’s end',
    file: 'sinks/audit/lane-tally.ts',
    find: 'tally.end = Math.max(tally.end, end)',
    put: '',
  },
  {
    name: 'to an audit records that are there twice are there',
    file: 'sinks/audit/lane-tally.ts',
    find: 'if (from >= end || to <= begin) continue',
    put: 'if (from < end || to > begin) continue',
  },
  {
    name: 'a file that was compacted before the log knew that it is named is named again',
    file: 'sinks/manifest/state.ts',
    find: 'for (const other of this.#files.values()) if (standsFor(other, file)) return true',
    put: '',
  },
  {
    name: 'compaction deletes the small files before the large one is named',
    file: 'sinks/compact/compact.ts',
    find: 'const file = { ...sealed, etag, bytes }',
    put: 'const file = { ...sealed, etag, bytes }\n  await store.delete(group.map(({ key }) => key))',
  },
  {
    name: 'compaction names the small files no longer, and the large one in the next entry',
    file: 'sinks/compact/compact.ts',
    find: 'await writer.commit({ files: [file], remove: group.map(({ key }) => key) })',
    put: 'await writer.commit({ files: [], remove: group.map(({ key }) => key) })\n    await writer.commit({ files: [file] })',
  },
  {
    name: 'leaked upload: one that was begun before its file was cut is given up and not aborted',
    file: 'sinks/publish/begun-files.ts',
    find: 'await retry(async () => store.resumeMultipart?.(token).abort(), { clock })',
    put: '',
  },
  {
    name: 'a begun file whose upload was ended stays in the log, which has its records no more',
    file: 'sinks/publish/publish.ts',
    find: 'await session.begun?.giveUp(file.id)',
    put: '',
  },
  {
    name: 'the columns of a begun file are those that its first records all have',
    file: 'sinks/publish/grow-file.ts',
    find: '({ ...field, nullable: true })',
    put: '({ ...field })',
  },
  {
    name: 'a cut leaves out what was sent of a begun file',
    file: 'sinks/policy/cutter.ts',
    find: 'const atLeast = Math.max(records, state.begun?.upload.begun.until ?? 0)',
    put: 'const atLeast = records',
  },
  {
    name: 'a file grows beside one that is refused, in memory that both need',
    file: 'sinks/policy/cutter.ts',
    find: 'if (!isBusy && (await this.#begun.grow(state))) return true',
    put: 'if (await this.#begun.grow(state)) return true',
  },
  {
    name: 'records leave the log before the parts that hold them have arrived',
    file: 'sinks/publish/grow-file.ts',
    find: 'const { token, parts } = await upload.sent()',
    put: 'const { token, parts } = before ?? (await upload.sent())',
  },
  {
    name: 'tail lost: what a begun file has behind its last whole part',
    file: 'sinks/publish/grow-file.ts',
    find: 'if (before) await writer.write(before.begun.tail)',
    put: '',
  },
  {
    name: 'a part that failed is sent again with other bytes, and arrives all the same',
    file: 'sinks/publish/begun-files.ts',
    find: 'if (!begun || isDecided(begun.upload)) return state',
    put: 'if (!begun) return state',
  },
  {
    name: 'a part that failed is sent with other bytes when its file is cut',
    file: 'sinks/publish/write-object.ts',
    find: 'if (encoded === begun?.until) chunks.push(...((await encoder.pause?.()) ?? []))',
    put: '',
  },
  {
    name: 'a cut that is under way goes on in a begun file that is given up',
    file: 'sinks/policy/cutter.ts',
    find: 'throwIfAborted(this.#controller.signal)\n',
    put: '',
  },
]

/** What Bytewax's own sinks, and those that its users write, do or might. */
const ofRuns: readonly Omit<Mutant, 'subject'>[] = [
  {
    name: 'what was written after the snapshot is not truncated',
    file: 'compat/bytewax/files/line-file.ts',
    find: 'if (size > offset) await file.truncate(offset)',
    put: '',
  },
  {
    name: 'a snapshot of bytes that were not synced',
    file: 'compat/bytewax/files/line-file.ts',
    find: 'bytesWritten\n        }\n        await file.sync()',
    put: 'bytesWritten\n        }',
  },
  {
    name: 'a snapshot of a file whose name was not synced',
    file: 'compat/bytewax/files/line-file.ts',
    find: 'if (resumeState === undefined) await syncFolder(fs, folder)',
    put: '',
  },
  {
    name: 'a partition that was written has no new snapshot',
    file: 'compat/bytewax/run/partitioned-output.ts',
    find: 'part.dirty = true\n      await part.partition.writeBatch(values)',
    put: 'await part.partition.writeBatch(values)',
  },
  {
    name: 'the source’s position is that of what was read ahead',
    file: 'compat/bytewax/run-sink.ts',
    find: 'source: this.#position, parts })',
    put: 'source: await this.#input.snapshot(), parts })',
  },
  {
    name: 'visible before the snapshot is kept: two-phase commit the wrong way around',
    file: 'compat/bytewax/run-sink.ts',
    find: 'await this.#save()\n    this.#begun = false\n    await this.#output.committed()',
    put: 'await this.#output.snapshot()\n    await this.#output.committed()\n    await this.#save()\n    this.#begun = false',
  },
  {
    name: 'what was prepared in a complete epoch is not completed by who resumes',
    file: 'compat/bytewax/store-sink/store-partition.ts',
    find: 'if (state?.file) await publishFile(options.store, state.file, options.clock)',
    put: '',
  },
  {
    name: 'the end of an epoch that fills no part is lost',
    file: 'compat/bytewax/store-sink/epoch-file.ts',
    find: 'if (this.#rest.byteLength > 0) await this.#send()',
    put: '',
  },
  {
    name: 'a completion whose answer was lost is taken for somebody else’s file',
    file: 'compat/bytewax/store-sink/prepared-file.ts',
    find: 'if (found?.metadata?.[ID] === id) return',
    put: '',
  },
  {
    name: 'what others have left is removed before the partition is known to be owned',
    file: 'compat/bytewax/store-sink/store-partition.ts',
    find: 'return new StorePartition(folder, options, end, await folder.leftFrom(end))',
    put: 'const left = await folder.leftFrom(end)\n  await folder.drop(left)\n  return new StorePartition(folder, options, end, left)',
  },
  {
    name: 'two runs keep snapshots under one number',
    file: 'compat/bytewax/recovery/store-recovery.ts',
    find: "await this.#store.put(key, body, { ifNoneMatch: '*', contentType })",
    put: 'await this.#store.put(key, body, { contentType })',
  },
  {
    name: 'a number that is free again is taken by a run that was fenced',
    file: 'compat/bytewax/recovery/store-recovery.ts',
    find: 'if (own?.number !== number || newer.length > 0) return false',
    put: 'if (own?.number !== number) return false',
  },
  {
    name: 'the source and the partitions resume from different epochs (Bytewax’s InconsistentPartitions)',
    file: 'compat/bytewax/recovery/log-recovery.ts',
    find: 'const resume: Snapshot = last ?? BEGINNING',
    put: 'const resume: Snapshot = { ...(last ?? BEGINNING), source: kept[0]?.source }',
  },
]

export const mutants: readonly Mutant[] = [
  ...ofSinks,
  ...ofRuns.map((mutant) => ({ ...mutant, subject: 'bytewax' as const })),
]
