/** The whole page through the platform's stream. */
export async function platformCompress(
  format: CompressionFormat,
  page: Uint8Array,
): Promise<Uint8Array> {
  const stream = new CompressionStream(format)
  const packed = new Response(stream.readable).arrayBuffer()
  const writer = stream.writable.getWriter()
  // A stream holds on to what it is given, and the page may lie in memory that kernels share.
  // All at once: both ends of a stream that fails reject, and one that nobody waits for ends a process.
  const [bytes] = await Promise.all([packed, writer.write(page.slice()), writer.close()])
  return new Uint8Array(bytes)
}
