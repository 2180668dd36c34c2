/** A bug that somebody really had, as one change of one line. */
export interface Mutant {
  readonly name: string
  /** Below src/. */
  readonly file: string
  /** Stands there once. */
  readonly find: string
  readonly put: string
}

export const mutants: readonly Mutant[] = [
  {
    name: 'tail lost: what was encoded and not yet sent is not sent again (FLINK-39778)',
    file: 'sinks/publish/write-object.ts',
    find: 'let doneBytes = sizeOfParts(kept.arrived) - (from?.bytes ?? 0)',
    put: 'let doneBytes = sizeOfParts(kept.arrived)',
  },
  {
    name: 'what had arrived is sent again behind itself',
    file: 'sinks/publish/write-object.ts',
    find: 'let doneBytes = sizeOfParts(kept.arrived) - (from?.bytes ?? 0)',
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
    find: 'this.#bytes += state.bytes\n    this.#follow(lane)',
    put: 'this.#bytes += state.bytes',
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
    find: 'await segment.append(frames.take())\n    await segment.sync()',
    put: 'await segment.append(frames.take())',
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
    find: 'if (epochsIn(await files.list()).some((other) => other > epoch)) throw fenced()',
    put: 'await files.list()',
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
]
