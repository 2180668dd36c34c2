/** As Cloudflare Workers import it. @see https://developers.cloudflare.com/workers/runtime-apis/webassembly/ */
declare module '*.wasm' {
  const module: WebAssembly.Module
  // biome-ignore lint/style/noDefaultExport: it is how the platform exports it
  export default module
}
