/** Pushes 100 MB into one replica whose log is in memory, in a process whose memory its test bounds: `large-replica.ts FORMAT FOLDER`. */
import type { FileFormat } from '../../../src/compat/buildflow/index.ts'
import { S3Bucket } from '../../../src/node/buildflow.ts'
import { fsStore } from '../../../src/node/fs-store.ts'

const [, , fileFormat, folder = ''] = process.argv
const bucket = new S3Bucket({
  ...{ bucketName: 'b', filePath: 'out', fileFormat: fileFormat as FileFormat },
  store: fsStore(folder),
})
const sink = await bucket.sink()
for (let push = 0; push < 100; push++) {
  await sink.push(
    Array.from({ length: 1000 }, (_, i) => {
      const id = push * 1000 + i
      // With a list in it a row is kept as an object. No two texts have memory in common.
      const text = Buffer.alloc(950, `${Math.imul(id, 0x9e3779b1)} `).toString('latin1')
      return { id, at: new Date(id), text, tags: [i] }
    }),
  )
}
console.log(JSON.stringify(await sink.close()))
