import { describe } from 'vitest'
import { memoryStore } from '../../src/stores/memory.ts'
import { type StoreUnderTest, storeSuite } from '../../src/testing/store-suite.ts'
import { gatewayFetch, s3StoreOver } from './over-gateway.ts'
import { registerSuite } from './register.ts'

async function create(): Promise<StoreUnderTest> {
  const store = s3StoreOver(gatewayFetch(memoryStore()))
  return { store }
}

describe('s3Store and the gateway, both in workerd', () => {
  registerSuite(storeSuite({ create }))
})
