/** Node's own, which reads small arrays where they lie: `Buffer.from(bytes.buffer)` would move each out of the heap first. */
const { latin1Slice } = Buffer.prototype as unknown as { latin1Slice(this: Uint8Array, start: number, end: number): string }

/** Bytes as the key of a map: one character per byte, so that such texts compare as the bytes do. */
export function textOf(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.length)
}
