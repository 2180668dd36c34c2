import { SluiceError } from '../../core/errors.ts'
import type { KafkaConsumer } from './kafka-consumer.ts'

/** A consumer whose keys and values are bytes. The package is loaded here alone: whoever brings a consumer has it already. */
export async function ownConsumer(
  brokers: readonly string[],
  groupId: string,
): Promise<KafkaConsumer> {
  const { Consumer } = await import('@platformatic/kafka').catch((cause: unknown) => {
    const message = 'brokers needs the package @platformatic/kafka: npm install @platformatic/kafka'
    throw new SluiceError('not-supported', message, { cause })
  })
  const consumer = new Consumer({
    clientId: 'sluice',
    groupId,
    bootstrapBrokers: [...brokers],
    autocommit: false,
  })
  // It joins again by itself, and when it is closed meanwhile, the run having ended, an `error` that nobody hears would end the process.
  consumer.on('error', () => {})
  return consumer
}
