/** Elements a Narrative may hold (R4 narrative.html: basic formatting, lists, tables, links and images). */
const ELEMENTS = new Set(
  (
    'a abbr acronym address b bdo big blockquote br caption cite code col colgroup dd del dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li ' +
    'map area ol p pre q samp small span strike strong sub sup s table tbody td tfoot th thead tr tt u ul var'
  ).split(' '),
)
const TAG = /<(\/?)([A-Za-z][A-Za-z0-9:]*)((?:\s+[A-Za-z_:][\w:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y
const ATTRIBUTE = /([A-Za-z_:][\w:.-]*)\s*=\s*("[^"]*"|'[^']*')/g

/**
 * Whether a narrative is the XHTML subset of R4 and carries nothing that runs: well-nested known elements in one
 * `div`, no event handlers, no scripts or styles, links only to http, https, mailto, tel, `#` and image data.
 */
export function isSafeNarrative(xhtml: string): boolean {
  const text = xhtml.trim()
  if (!/^<div[\s>/]/.test(text)) return false
  const open: string[] = []
  let at = 0
  while (at < text.length) {
    const next = text.indexOf('<', at)
    if (next < 0) return text.slice(at).trim() === '' && open.length === 0
    if (open.length === 0 && text.slice(at, next).trim() !== '') return false
    if (text.startsWith('<!--', next)) {
      const end = text.indexOf('-->', next + 4)
      if (end < 0) return false
      at = end + 3
      continue
    }
    TAG.lastIndex = next
    const match = TAG.exec(text)
    if (match === null || !isAllowed(match[2] ?? '', match[3] ?? '')) return false
    if (open.length === 0 && at > 0 && match[1] === '') return false
    if (match[1] === '/') {
      if (open.pop() !== match[2]) return false
    } else if (match[4] !== '/') {
      open.push(match[2] ?? '')
    }
    at = TAG.lastIndex
  }
  return open.length === 0
}

function isAllowed(element: string, attributes: string): boolean {
  if (!ELEMENTS.has(element)) return false
  for (const [, name = '', quoted = ''] of attributes.matchAll(ATTRIBUTE)) {
    const attribute = name.toLowerCase()
    if (attribute.startsWith('on')) return false
    if ((attribute === 'href' || attribute === 'src') && !isSafeLink(quoted.slice(1, -1))) return false
    if (attribute === 'style' && /expression|javascript:|url\s*\(/i.test(quoted)) return false
  }
  return true
}

function isSafeLink(target: string): boolean {
  // Character references and control characters can hide a scheme from this check and not from a browser.
  if (/&#|[\u0000-\u001f]/.test(target)) return false
  const scheme = /^\s*([A-Za-z][A-Za-z0-9+.-]*):/.exec(target)?.[1]?.toLowerCase()
  return scheme === undefined || ['http', 'https', 'mailto', 'tel', 'urn'].includes(scheme) || /^\s*data:image\/(?:png|jpeg|gif);/i.test(target)
}
