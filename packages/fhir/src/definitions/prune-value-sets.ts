import type { CodeSystem, CodeSystemConcept, ValueSet } from '@medplum/fhirtypes'

type Codes = Record<string, string[]>

/**
 * Expands the value sets at `urls` to code lists. A set that depends on something outside the given
 * definitions (all of UCUM, BCP-13, ISO 4217) or on a filter is left out: the validator then checks its syntax only.
 */
export function pruneValueSets(
  urls: ReadonlySet<string>,
  valueSets: ReadonlyMap<string, ValueSet>,
  codeSystems: ReadonlyMap<string, CodeSystem>,
): Record<string, Codes> {
  const expand = (url: string, seen: readonly string[]): Codes | undefined => {
    const valueSet = valueSets.get(url)
    if (valueSet === undefined || seen.includes(url)) return undefined
    const codes: Codes = {}
    if (valueSet.compose?.exclude) return undefined
    for (const include of valueSet.compose?.include ?? []) {
      if (include.filter) return undefined
      for (const nested of include.valueSet ?? []) {
        const inner = expand(nested.split('|')[0] ?? '', [...seen, url])
        if (inner === undefined) return undefined
        for (const [system, list] of Object.entries(inner)) (codes[system] ??= []).push(...list)
      }
      if (include.system === undefined) continue
      const concepts = include.concept?.map((concept) => concept.code) ?? conceptsOf(codeSystems.get(include.system))
      if (concepts === undefined) return undefined
      ;(codes[include.system] ??= []).push(...concepts.filter((code): code is string => code !== undefined))
    }
    return codes
  }
  const result: Record<string, Codes> = {}
  for (const url of urls) {
    const codes = expand(url, [])
    if (codes && Object.keys(codes).length > 0) result[url] = codes
  }
  return result
}

function conceptsOf(system: CodeSystem | undefined): string[] | undefined {
  if (system?.concept === undefined) return undefined
  const codes: string[] = []
  const visit = (concepts: readonly CodeSystemConcept[]): void => {
    for (const concept of concepts) {
      if (concept.code !== undefined) codes.push(concept.code)
      if (concept.concept) visit(concept.concept)
    }
  }
  visit(system.concept)
  return codes
}
