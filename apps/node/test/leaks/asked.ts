import type { HttpRequest } from './world.ts'

/** A request that both worlds get. `follow`: the link to the next page of the answer before, when there is one. */
export interface Asked {
  readonly what: string
  readonly request: HttpRequest
  readonly follow?: true
  /** Only what is hidden matches. */
  readonly empty?: true
  /** What the answer counts, where the oracle can say so: live records of a type about a patient. */
  readonly counts?: { readonly type: string; readonly patient: string }
}

export const JSON_TYPE = { 'content-type': 'application/fhir+json' }

export function get(what: string, path: string, headers: Readonly<Record<string, string>> = {}): Asked {
  return { what, request: { method: 'GET', path: `fhir/${path.replace(/[|]/g, '%7C')}`, headers } }
}

/** A search that only what is hidden matches. */
export function none(what: string, path: string): Asked {
  return { ...get(what, path), empty: true }
}

export function next(what: string): Asked {
  return { ...get(what, ''), follow: true }
}

export function post(what: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Asked {
  return { what, request: { method: 'POST', path: path === '' ? 'fhir' : `fhir/${path}`, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) } }
}

export function put(what: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Asked {
  return { what, request: { method: 'PUT', path: `fhir/${path}`, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) } }
}
