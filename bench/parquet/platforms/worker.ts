import { encode, prepare } from './encode.ts'

// biome-ignore lint/style/noDefaultExport: a Worker is the default export of its module.
export default {
  /** `/ROWS` prepares so many, `/` encodes them. */
  async fetch(request: Request): Promise<Response> {
    const count = Number(new URL(request.url).pathname.slice(1))
    if (count > 0) await prepare(count)
    return new Response(count > 0 ? '' : String(await encode()))
  },
}
