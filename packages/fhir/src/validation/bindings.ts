import { definitions, definitionsCache } from '../definitions/load.ts'

/** A required binding: either a list of codes, or a syntax where the whole code system is allowed. */
export interface Binding {
  readonly hasCode: (code: string) => boolean
  readonly hasCoding: (system: string | undefined, code: string | undefined) => boolean
}

/** Value sets that are a whole code system no definition lists; their codes are checked by form. */
const BY_FORM: Readonly<Record<string, { readonly system: string; readonly form: RegExp }>> = {
  'http://hl7.org/fhir/ValueSet/mimetypes': { system: 'urn:ietf:bcp:13', form: /^[A-Za-z0-9][\w!#$&^.+-]*(?:\/[\w!#$&^.+*-]+)?(?:\s*;.*)?$/ },
  'http://hl7.org/fhir/ValueSet/ucum-units': { system: 'http://unitsofmeasure.org', form: /^[\x21-\x7e]+$/ },
  'http://hl7.org/fhir/ValueSet/currencies': { system: 'urn:iso:std:iso:4217', form: /^[A-Z]{3}$/ },
}

const bindings = definitionsCache<Binding | null>()

/** The binding for a value set, or undefined where its content is unknown and nothing can be said. */
export function bindingFor(url: string): Binding | undefined {
  let binding = bindings.get(url)
  if (binding === undefined) {
    binding = build(url)
    bindings.set(url, binding)
  }
  return binding ?? undefined
}

function build(url: string): Binding | null {
  const byForm = BY_FORM[url]
  if (byForm) {
    return {
      hasCode: (code) => byForm.form.test(code),
      hasCoding: (system, code) => system === byForm.system && code !== undefined && byForm.form.test(code),
    }
  }
  const systems = definitions().valueSets[url]
  if (systems === undefined) return null
  const codes = new Set(Object.values(systems).flat())
  const codings = new Map(Object.entries(systems).map(([system, list]) => [system, new Set(list)]))
  return {
    hasCode: (code) => codes.has(code),
    hasCoding: (system, code) => system !== undefined && code !== undefined && (codings.get(system)?.has(code) ?? false),
  }
}
