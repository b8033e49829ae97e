/** Bytes as the key of a map: one character per byte, so that such texts compare as the bytes do. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
