/** Elements that say how FHIR is used, and nothing of a person. */
const STRUCTURE = new Set(['system', 'url', 'profile', 'resourceType', 'contentType', 'method', 'ifNoneExist', 'status', 'mode', 'use', 'unit'])
const SHORTEST = 7
const WINDOW = 60

/** A string of a resource that must be found nowhere outside it. */
export interface KnownValue {
  /** Element path, without indexes. */
  readonly path: string
  readonly value: string
}

/**
 * The distinct strings of resources that tell of people: names, dates, addresses, identifiers, codes' displays, free text.
 * Of long ones a piece from the beginning and one from the middle, of Base64 attachments also what they decode to.
 */
export function knownValues(resources: readonly object[], ordinary: ReadonlySet<string>): KnownValue[] {
  const values = new Map<string, string>()
  const visit = (node: unknown, path: string, key: string): void => {
    if (Array.isArray(node)) for (const item of node) visit(item, path, key)
    else if (typeof node === 'object' && node !== null) for (const [name, value] of Object.entries(node)) visit(value, `${path}.${name}`, name)
    else if (typeof node === 'string' && !STRUCTURE.has(key)) {
      for (const piece of piecesOf(node, key)) if (!ordinary.has(piece) && !values.has(piece)) values.set(piece, path)
    }
  }
  for (const resource of resources) visit(resource, (resource as { resourceType?: string }).resourceType ?? '', '')
  return [...values].map(([value, path]) => ({ path, value }))
}

function piecesOf(text: string, key: string): string[] {
  const whole = key === 'data' ? [text, Buffer.from(text, 'base64').toString()] : [text.replace(/^urn:uuid:/, '').replace(/^[A-Za-z]+\?identifier=.*\|/, '')]
  const pieces = whole.flatMap((part) => (part.length <= WINDOW ? [part] : [part.slice(0, WINDOW), part.slice(part.length >> 1, (part.length >> 1) + WINDOW)]))
  return pieces.filter((piece) => piece.length >= SHORTEST)
}
