import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

export type Json = { readonly [key: string]: unknown }

interface Entry {
  readonly fullUrl: string
  readonly resource: Json & { readonly resourceType: string }
}

/** One patient's Synthea bundle. */
export interface Source {
  readonly entries: readonly Entry[]
}

/** Synthetic patients that the project ships. */
export const SAMPLE_PATIENTS = fileURLToPath(new URL('../../examples/patients', import.meta.url))

/** What every FHIR server takes, and clinicians look at. */
const CLINICAL: ReadonlySet<unknown> = new Set([
  'Patient', 'Organization', 'Practitioner', 'Encounter', 'Condition', 'Observation', 'Procedure', 'Immunization', 'Medication',
  'MedicationRequest', 'DiagnosticReport', 'AllergyIntolerance', 'CarePlan', 'CareTeam',
])

/** Reads the transaction bundles (`.json`, `.json.gz`) of a folder that have a Patient, in the order of their names. */
export function readSources(folder: string, limit = Number.POSITIVE_INFINITY): Source[] {
  const names = readdirSync(folder).filter((name) => /\.json(\.gz)?$/.test(name)).sort()
  const sources: Source[] = []
  for (const name of names) {
    if (sources.length >= limit) break
    const bytes = readFileSync(join(folder, name))
    const bundle = JSON.parse((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()) as { entry?: Entry[] }
    const entries = (bundle.entry ?? []).filter(({ resource }) => CLINICAL.has(resource.resourceType))
    if (entries.some(({ resource }) => resource.resourceType === 'Patient')) sources.push({ entries })
  }
  return sources
}

/** Resources of one type, without id, meta and narrative, and with their references outside the given ones removed. */
export function resourcesOf(source: Source, type: string): Json[] {
  return source.entries.filter(({ resource }) => resource.resourceType === type).map(({ resource }) => bare(resource, new Set()))
}

/**
 * A transaction of up to `size` entries that is complete in itself: an entry comes with everything in the bundle that it
 * refers to. Full URLs and identifiers are new each time, so that nothing is there already.
 */
export function transactionOf(source: Source, size: number): string {
  const { chosen, known } = chooseEntries(source, size)
  const renamed = new Map([...known].map((url) => [url, `urn:uuid:${randomUUID()}`]))
  const entry = chosen.map(({ fullUrl, resource }) => ({ fullUrl, resource: withNewIdentifiers(bare(resource, known)), request: { method: 'POST', url: resource.resourceType } }))
  return JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }).replaceAll(/urn:uuid:[0-9a-f-]{36}/g, (url) => renamed.get(url) ?? url)
}

function chooseEntries({ entries }: Source, size: number): { chosen: Entry[]; known: Set<string> } {
  const byUrl = new Map(entries.map((entry) => [entry.fullUrl, entry]))
  const known = new Set<string>()
  const chosen: Entry[] = []
  for (const entry of entries) {
    const wanted = withTargets(entry, byUrl).filter(({ fullUrl }) => !known.has(fullUrl))
    if (chosen.length + wanted.length > size) continue
    for (const target of wanted) {
      known.add(target.fullUrl)
      chosen.push(target)
    }
  }
  return { chosen, known }
}

/** An entry after everything it refers to, directly or through others. */
function withTargets(entry: Entry, byUrl: ReadonlyMap<string, Entry>): Entry[] {
  const found = new Map<string, Entry>()
  const visit = (at: Entry): void => {
    if (found.has(at.fullUrl)) return
    found.set(at.fullUrl, at)
    for (const url of JSON.stringify(at.resource).match(/urn:uuid:[0-9a-f-]{36}/g) ?? []) {
      const target = byUrl.get(url)
      if (target !== undefined) visit(target)
    }
  }
  visit(entry)
  return [...found.values()].reverse()
}

/** Without what the server gives itself; a reference to what is not sent along keeps its display only. */
function bare(resource: Json, known: ReadonlySet<string>): Json {
  const { id: _id, meta: _meta, text: _text, ...rest } = resource
  return withoutStrangers(rest, known) as Json
}

function withoutStrangers(node: unknown, known: ReadonlySet<string>): unknown {
  if (Array.isArray(node)) {
    const items = node.map((item) => withoutStrangers(item, known)).filter((item) => item !== undefined)
    return items.length === 0 ? undefined : items
  }
  if (typeof node !== 'object' || node === null) return node
  const fields = Object.entries(node).flatMap(([key, value]): [string, unknown][] => {
    if (key === 'reference' && typeof value === 'string' && !value.startsWith('#') && !known.has(value)) return []
    const kept = withoutStrangers(value, known)
    return kept === undefined ? [] : [[key, kept]]
  })
  return fields.length === 0 ? undefined : Object.fromEntries(fields)
}

function withNewIdentifiers(resource: Json): Json {
  const { identifier } = resource
  return Array.isArray(identifier) ? { ...resource, identifier: identifier.map((one: Json) => ({ ...one, value: randomUUID() })) } : resource
}

export function oneOf<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)] as T
}
