import { isResourceType } from '../definitions/load.ts'

/** What the text of a `Reference.reference` says. */
export type ParsedReference =
  | { readonly form: 'relative'; readonly type: string; readonly id: string; readonly version?: string }
  | { readonly form: 'local'; readonly type: string; readonly id: string; readonly version?: string }
  | { readonly form: 'absolute'; readonly url: string; readonly type?: string; readonly id?: string }
  | { readonly form: 'contained'; readonly id: string }
  | { readonly form: 'urn'; readonly urn: string }
  | { readonly form: 'conditional'; readonly type: string; readonly query: string }
  | { readonly form: 'invalid' }

const RELATIVE = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/
const URN = /^urn:(?:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|oid:[0-2](?:\.(?:0|[1-9]\d*))+)$/

/**
 * Parses a reference (R4 references.html).
 *
 * @param base our own base URL, without a trailing slash; an absolute reference below it is `local`
 */
export function parseReference(text: string, base?: string): ParsedReference {
  if (text.startsWith('#')) return /^#[A-Za-z0-9\-.]{0,64}$/.test(text) ? { form: 'contained', id: text.slice(1) } : { form: 'invalid' }
  if (text.startsWith('urn:')) return URN.test(text) ? { form: 'urn', urn: text } : { form: 'invalid' }
  if (base !== undefined && text.startsWith(`${base}/`)) {
    const local = relative(text.slice(base.length + 1))
    if (local) return { form: 'local', ...local }
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return absolute(text)
  const query = text.indexOf('?')
  if (query > 0) {
    const type = text.slice(0, query)
    return isResourceType(type) && query < text.length - 1 ? { form: 'conditional', type, query: text.slice(query + 1) } : { form: 'invalid' }
  }
  const parsed = relative(text)
  return parsed ? { form: 'relative', ...parsed } : { form: 'invalid' }
}

function relative(text: string): { type: string; id: string; version?: string } | undefined {
  const match = RELATIVE.exec(text)
  const [, type, id, version] = match ?? []
  if (type === undefined || id === undefined || !isResourceType(type)) return undefined
  return { type, id, ...(version === undefined ? {} : { version }) }
}

function absolute(text: string): ParsedReference {
  if (/\s/.test(text)) return { form: 'invalid' }
  const tail = /\/([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?)$/.exec(text)?.[1]
  const parsed = tail === undefined ? undefined : relative(tail)
  return { form: 'absolute', url: text, ...(parsed ? { type: parsed.type, id: parsed.id } : {}) }
}
