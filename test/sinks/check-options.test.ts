import { expect, test } from 'vitest'
import { jsonl } from '../../src/formats/jsonl.ts'
import { createSink, type SinkOptions } from '../../src/sinks/create-sink.ts'
import { memoryStore } from '../../src/stores/memory.ts'

const column = { name: 'id', type: 'int64', nullable: false }

// What TypeScript refuses, from code that has none, or from a configuration file.
test.each([
  ['store', { store: undefined }],
  ['store', { store: {} }],
  ['format', { format: undefined }],
  ['format', { format: 'jsonl' }],
  ['earlierFormats', { earlierFormats: jsonl() }],
  ['earlierFormats', { earlierFormats: ['jsonl'] }],
  ['name', { name: () => 'a' }],
  ['fileIds is', { fileIds: 'ulid' }],
  ['log is no Log', { log: './log' }],
  ['clock is no Clock', { clock: 5 }],
  ['rotat', { rotat: {} }],
  ['rotate.record', { rotate: { record: 5 } }],
  ['rotate.schedule.every', { rotate: { schedule: { every: 5 } } }],
  ['rotate.schedule.everyMs', { rotate: { schedule: { everyMs: 0 } } }],
  ['rotate.schedule.offsetMs', { rotate: { schedule: { everyMs: 1, offsetMs: '1h' } } }],
  ['rotate.idleMs', { rotate: { idleMs: 0 } }],
  ['rotate.bytes', { rotate: { bytes: '5' } }],
  ['rotate takes', { rotate: 5 }],
  ['rotate takes', { rotate: null }],
  ['rotate.schedule takes', { rotate: { schedule: 5 } }],
  ['rotate.schedule needs everyMs', { rotate: { schedule: {} } }],
  ['partition is', { partition: 'country' }],
  ['partition is', { partition: [null] }],
  ['allowedLateMs', { partition: { time: 'at', by: 'day', allowedLateMs: '5' } }],
  ['schema is', { schema: { '~standard': {} } }],
  ['partition.zone', { partition: { time: 'at', by: 'day', zone: 'UTC' } }],
  ['partition.zone', { partition: ['a', { time: 'at', by: 'day', zone: 'UTC' }] }],
  ['maxOpenFiles', { maxOpenFiles: 0.5 }],
  ['memoryBytes', { memoryBytes: -1 }],
  ['onEvent', { onEvent: {} }],
  ['drift', { drift: 'relaxed' }],
  ['schema', { schema: 5 }],
  ['schema', { schema: null }],
  ['schema', { schema: { columns: [column] } }],
  ['fields', { schema: { fields: {} } }],
  ['column 1', { schema: { fields: [column, { type: 'int64', nullable: true }] } }],
  ['"id" must have a type', { schema: { fields: [{ ...column, type: 'integer' }] } }],
  ['"id" must have a type', { schema: { fields: [{ ...column, type: 'toString' }] } }],
  ['nullable', { schema: { fields: [{ name: 'id', type: 'int64' }] } }],
  ['twice', { schema: { fields: [column, column] } }],
])('%s is refused by name in %o', (named, options) => {
  const all = { store: memoryStore(), format: jsonl(), ...options } as unknown as SinkOptions
  expect(() => createSink(all)).toThrowError(
    expect.objectContaining({ code: 'invalid-options', message: expect.stringContaining(named) }),
  )
})

test('what cannot be gone through is no list of records', async () => {
  const sink = createSink({ store: memoryStore(), format: jsonl() })
  await expect(sink.write({ id: 1 } as never)).rejects.toMatchObject({ code: 'invalid-options' })
})
