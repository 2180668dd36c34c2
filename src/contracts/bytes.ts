/** Bytes over a buffer that is not shared: what `fetch`, WebCrypto and every store take. */
export type Bytes = Uint8Array<ArrayBuffer>

/** Encoded bytes on their way to a store. The receiver owns them: the sender never writes to them again. */
export type Chunk = Bytes

/** A value now, or later. Encoders answer synchronously where they can. */
export type Awaitable<T> = T | Promise<T>

/** Anything that yields values in order. `ReadableStream` is an async iterable in every runtime but old Safari. */
export type Source<T> = Iterable<T> | AsyncIterable<T> | ReadableStream<T>
