const SPACE = 32
const DELETE = 127

/**
 * The form in which string searches compare: without case, accents and repeated white space (R4 search.html#string).
 * Index and query use the same function, so both sides always agree.
 */
export function normalizeText(text: string): string {
  if (isPlain(text)) return text.toLowerCase()
  return text.normalize('NFKD').replaceAll(/\p{M}+/gu, '').toLowerCase().replaceAll(/\s+/g, ' ').trim()
}

/** Printable ASCII with single spaces between words, as most texts are. */
function isPlain(text: string): boolean {
  let before = SPACE
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < SPACE || code >= DELETE || (code === SPACE && before === SPACE)) return false
    before = code
  }
  return before !== SPACE || text === ''
}
