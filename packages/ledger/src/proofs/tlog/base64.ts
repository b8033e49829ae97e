import { fromBase64url, toBase64url } from '../base64url.ts'

/** Base64 with padding. RFC 4648 §4. */
export function toBase64(bytes: Uint8Array): string {
  const text = toBase64url(bytes).replaceAll('-', '+').replaceAll('_', '/')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

/** Reads what {@link toBase64} writes and nothing else: undefined for missing padding, other characters or stray bits. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || text.includes('-') || text.includes('_')) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return fromBase64url(text.slice(0, text.length - padding).replaceAll('+', '-').replaceAll('/', '_'))
}
