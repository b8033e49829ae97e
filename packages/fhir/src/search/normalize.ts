/**
 * The form in which string searches compare: without case, accents and repeated white space (R4 search.html#string).
 * Index and query use the same function, so both sides always agree.
 */
export function normalizeText(text: string): string {
  const plain = isAscii(text) ? text : text.normalize('NFKD').replaceAll(/\p{M}+/gu, '')
  return plain.toLowerCase().replaceAll(/\s+/g, ' ').trim()
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false
  return true
}
