/** A real broker, of jars from Maven Central, for the time of a test file. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  ResourcePatternTypes,
  ResourceTypes,
} from '@platformatic/kafka'
import { freePort } from '../../servers.ts'

const run = promisify(execFile)
const POM = fileURLToPath(new URL('pom.xml', import.meta.url))
const OUT = fileURLToPath(new URL('../../.out/', import.meta.url))
/** Who may come to `saslAddress`. */
export const USER = { username: 'sluice', password: 'not-for-any-log' } as const
const KEYS = 'keys.p12'
const KEYS_WORD = 'no-secret'
const FETCH_MS = 240_000
const START_MS = 60_000
/** For `beforeAll`. */
export const PREPARE_MS: number = FETCH_MS + START_MS

export interface Broker {
  /** `host:port`. */
  readonly address: string
  /** The same broker, for those that say who they are. */
  readonly saslAddress: string
  /** The same broker by TLS. */
  readonly tlsAddress: string
  /** Of `tlsAddress`, signed by nobody but itself. */
  readonly certificate: string
  newTopic(partitions: number): Promise<string>
  /** Deletes messages before an offset, as retention does. */
  deleteBefore(topic: string, partition: number, offset: bigint): Promise<void>
  deleteTopic(topic: string): Promise<void>
  createTopic(topic: string, partitions: number): Promise<void>
  /** Lets one user alone read it, of whom nobody has the password. */
  reserve(kind: 'TOPIC' | 'GROUP', name: string): Promise<void>
  stop(): Promise<void>
}

/** Without Java or its jars it says aloud that tests are skipped, and gives why. */
export async function brokerFor(
  what: string,
): Promise<{ readonly broker?: Broker; readonly missing?: string }> {
  try {
    return { broker: await startBroker(await jars()) }
  } catch (error) {
    const missing = `Kafka: ${(error as Error).message}`
    console.warn(`skipped: ${what}: ${missing}`)
    return { missing }
  }
}

/** The folder of the jars, made once for each text of the POM. */
async function jars(): Promise<string> {
  await run('java', ['-version']).catch(() => {
    throw new Error('java is not on the PATH')
  })
  const pinned = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex')
  const folder = join(OUT, `kafka-${pinned.slice(0, 16)}`)
  if (existsSync(folder)) return folder
  await run('mvn', ['--version']).catch(() => {
    throw new Error('mvn is not on the PATH')
  })
  await mkdir(OUT, { recursive: true })
  const fresh = await mkdtemp(join(OUT, 'kafka-new-'))
  const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${fresh}`]
  try {
    await run('mvn', ['-q', '-B', '-f', POM, ...copy, '-DincludeScope=runtime'], {
      timeout: FETCH_MS,
    })
    await rename(fresh, folder)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    const { stdout = '', message } = error as Error & { stdout?: string }
    const [why = message] = stdout.trim().split('\n')
    throw new Error(`its jars cannot be fetched: ${why}`)
  }
  return folder
}

async function startBroker(libraries: string): Promise<Broker> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-kafka-'))
  const ports = {
    ...{ plain: await freePort(), sasl: await freePort() },
    ...{ tls: await freePort(), controller: await freePort() },
  }
  const properties = join(folder, 'server.properties')
  await writeFile(properties, propertiesOf(ports, folder))
  const certificate = await newCertificate(folder)
  const java = (...words: string[]): string[] => ['-cp', join(libraries, '*'), ...words]
  const tool = 'kafka.tools.StorageTool'
  const { stdout: id } = await run('java', java(tool, 'random-uuid'))
  await run('java', java(tool, 'format', '-t', id.trim(), '-c', properties))
  const child = spawn('java', ['-Xmx512m', ...java('kafka.Kafka', properties)], {
    cwd: folder,
    stdio: 'ignore',
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const address = `127.0.0.1:${ports.plain}`
  const withAdmin = async <T>(use: (admin: Admin) => Promise<T>): Promise<T> => {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [address], retries: 0 })
    try {
      return await use(admin)
    } finally {
      await admin.close()
    }
  }
  const broker: Broker = {
    address,
    saslAddress: `127.0.0.1:${ports.sasl}`,
    tlsAddress: `127.0.0.1:${ports.tls}`,
    certificate,
    async newTopic(partitions) {
      const topic = `sink-topic-${crypto.randomUUID()}`
      await broker.createTopic(topic, partitions)
      return topic
    },
    createTopic: async (topic, partitions) => {
      await withAdmin((admin) => admin.createTopics({ topics: [topic], partitions, replicas: 1 }))
    },
    deleteTopic: (topic) => withAdmin((admin) => admin.deleteTopics({ topics: [topic] })),
    deleteBefore: async (name, partition, offset) => {
      const partitions = [{ partition, offset }]
      await withAdmin((admin) => admin.deleteRecords({ topics: [{ name, partitions }] }))
    },
    reserve: async (kind, resourceName) => {
      const acl = {
        ...{ resourceType: ResourceTypes[kind], resourceName, host: '*' },
        ...{ resourcePatternType: ResourcePatternTypes.LITERAL, principal: 'User:another' },
        ...{ operation: AclOperations.READ, permissionType: AclPermissionTypes.ALLOW },
      }
      await withAdmin(async (admin) => {
        await admin.createAcls({ creations: [acl] })
        // The controller has it by now. The broker, which is asked here, comes to it a little later.
        await until(child, async () => {
          const found = await admin.describeAcls({ filter: acl })
          if (found.length === 0) throw new Error('the ACL is not in force')
        })
      })
    },
    async stop() {
      process.removeListener('exit', kill)
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    // The first question for offsets makes the topic that they are in, and is answered when its coordinator has read it.
    const groups = [{ groupId: 'test' }]
    await until(child, () => withAdmin((admin) => admin.listConsumerGroupOffsets({ groups })))
  } catch (error) {
    await broker.stop()
    throw error
  }
  return broker
}

/** Makes the key of the broker, with Java's own tool. Answers its certificate as PEM. */
async function newCertificate(folder: string): Promise<string> {
  const store = ['-keystore', join(folder, KEYS), '-storetype', 'PKCS12', '-storepass', KEYS_WORD]
  const names = ['-dname', 'CN=localhost', '-ext', 'san=ip:127.0.0.1']
  await run('keytool', ['-genkeypair', '-alias', 'broker', '-keyalg', 'EC', ...names, ...store])
  const exported = await run('keytool', ['-exportcert', '-rfc', '-alias', 'broker', ...store])
  return exported.stdout
}

interface Ports {
  readonly plain: number
  readonly sasl: number
  readonly tls: number
  readonly controller: number
}

function propertiesOf({ plain, sasl, tls, controller }: Ports, folder: string): string {
  const open = [`PLAINTEXT://127.0.0.1:${plain}`, `SASL_PLAINTEXT://127.0.0.1:${sasl}`]
  const listeners = [...open, `SSL://127.0.0.1:${tls}`].join(',')
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  const { username, password } = USER
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=${listeners},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=${listeners}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=${login} user_${username}="${password}";
ssl.keystore.type=PKCS12
ssl.keystore.location=${join(folder, KEYS)}
ssl.keystore.password=${KEYS_WORD}
log.dirs=${join(folder, 'data')}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
# Whoever comes by another listener than that of SASL.
super.users=User:ANONYMOUS
# So that a test need not wait long for the partitions of a consumer that was killed.
group.min.session.timeout.ms=500
`
}

async function until(child: ChildProcess, ask: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + START_MS
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`)
    try {
      await ask()
      return
    } catch (cause) {
      if (Date.now() > deadline) throw new Error('it did not come about', { cause })
    }
    await delay(200)
  }
}
