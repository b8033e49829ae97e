/**
 * Text of the UTF-8 (RFC 3629) in [from, to), or undefined where it is malformed. Written out because the platform's
 * decoder repairs malformed input and drops a byte order mark, so that several byte strings would mean one text.
 */
export function readUtf8(bytes: Uint8Array, from: number, to: number): string | undefined {
  let text = ''
  let at = from
  while (at < to) {
    const first = bytes[at] as number
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
    if (length === 0 || at + length > to) return undefined
    let point = length === 1 ? first : first & (0x7f >> length)
    for (let i = 1; i < length; i++) {
      const next = bytes[at + i] as number
      if ((next & 0xc0) !== 0x80) return undefined
      point = (point << 6) | (next & 0x3f)
    }
    if (!isScalar(point, length)) return undefined
    text += String.fromCodePoint(point)
    at += length
  }
  return text
}

/** No surrogate, nothing beyond Unicode, nothing that a shorter sequence says. */
function isScalar(point: number, length: number): boolean {
  if (length === 3) return point >= 0x800 && (point < 0xd800 || point > 0xdfff)
  if (length === 4) return point >= 0x1_0000 && point <= 0x10_ffff
  return true
}
