import { listObjects } from 'sluice/s3'
import { probeBucket } from 'sluice/s3/probe'
import { type ClientCase, check, checkEqual } from './tools.ts'

/** What a bucket does, by trying. */
export const probeCases: readonly ClientCase[] = [
  {
    name: 'probe: finds what the profile says, and leaves nothing behind',
    async run({ client }) {
      const to = client()
      const said = to.provider
      const { provider, etagVisible, remains } = await probeBucket(to, { prefix: 'a b/' })
      checkEqual({ etagVisible, remains }, { etagVisible: true, remains: undefined }, 'it')
      // Equal parts are taken by those that demand none, too.
      const [here, there] = [said, provider].map(({ capabilities }) => ({
        ...capabilities,
        multipart: capabilities.multipart && { ...capabilities.multipart, equalParts: false },
      }))
      checkEqual(there, here, 'the capabilities')
      for (const name of said.checksums) check(provider.checksums.includes(name), `no ${name}`)
      for await (const entry of listObjects(to)) check(false, `left: ${JSON.stringify(entry)}`)
    },
  },
]
