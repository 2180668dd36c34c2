/**
 * Luigi's tasks in TypeScript: a report of a day's page views, and before it the views that it counts. What is there is not made again:
 *
 *     node examples/luigi-report.ts s3://BUCKET/FOLDER 2026-11-21
 */
import { runTask, S3Target, type Task } from 'sluice/node/luigi'

const [folder = '', date = ''] = process.argv.slice(2)

class PageViews implements Task {
  output(): S3Target {
    return new S3Target(`${folder}/views/${date}.txt`)
  }

  async run(): Promise<void> {
    await using file = this.output().open('w')
    for (const page of ['/', '/docs', '/', '/blog', '/']) await file.write(`${page}\n`)
    await file.close()
  }
}

class UploadReport implements Task {
  readonly views = new PageViews()

  requires(): Task[] {
    return [this.views]
  }

  output(): S3Target {
    return new S3Target(`${folder}/daily/${date}.csv`)
  }

  async run(): Promise<void> {
    let views = 0
    await using input = await this.views.output().open()
    for await (const _ of input) views++
    await using file = this.output().open('w')
    await file.write('date,metric,value\n')
    await file.write(`${date},page_views,${views}\n`)
    await file.close()
    console.log(`wrote ${this.output().path}`)
  }
}

await runTask(new UploadReport())
