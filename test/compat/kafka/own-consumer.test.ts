import { expect, test } from 'vitest'
import { ownConsumer } from '../../../src/compat/kafka/own-consumer.ts'

test('an error that comes when the run is over ends no process', async () => {
  const consumer = await ownConsumer(['127.0.0.1:1'], 'group')
  try {
    const emitter = consumer as unknown as NodeJS.EventEmitter
    expect(() => emitter.emit('error', new Error('closed while it joins again'))).not.toThrow()
  } finally {
    await consumer.close(true)
  }
})
