// No DataView below: engines keep small arrays within their heap until somebody asks for the `buffer`.

/** `value` as 4 bytes, most significant first, so that byte order is numeric order. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  setU32(bytes, 0, value)
  return bytes
}

/** `value` as 8 bytes, most significant first. */
export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  setU32(bytes, 0, Math.floor(value / 0x1_0000_0000))
  setU32(bytes, 4, value)
  return bytes
}

export function readU32(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] as number) * 0x100_0000 + ((bytes[offset + 1] as number) << 16) + ((bytes[offset + 2] as number) << 8) + (bytes[offset + 3] as number)
}

/** Reads what {@link u64} wrote: values up to 2^53 − 1. */
export function readU64(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset) * 0x1_0000_0000 + readU32(bytes, offset + 4)
}

function setU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
}

/** The least key that is greater than every key beginning with `prefix`; undefined if there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const byte = prefix[i] as number
    if (byte === 255) continue
    const end = prefix.slice(0, i + 1)
    end[i] = byte + 1
    return end
  }
  return undefined
}
