/** A cell of the table in workerd: the `Cell` comes as the body of a request, and the answer is one line of JSON for each case. */
import { type Cell, runCell } from './cell.ts'

// biome-ignore lint/style/noDefaultExport: workerd takes a Worker by its default export
export default {
  async fetch(request: Request): Promise<Response> {
    const cell = (await request.json()) as Cell
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    const encoder = new TextEncoder()
    const write = (line: object) => writer.write(encoder.encode(`${JSON.stringify(line)}\n`))
    runCell(cell, [], write).then(
      () => writer.close(),
      (error) => writer.abort(error),
    )
    return new Response(readable)
  },
}
