import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { ensureDefinitions } from '../../../tools/prepare-definitions.ts'
import { loadDefinitions } from '../src/definitions/load.ts'
import type { JsonObject } from '../src/json.ts'
import { mapReferences } from '../src/references/map.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

/** Loads the definitions, making them first if they are missing or outdated. */
export function useDefinitions(): void {
  loadDefinitions(readFileSync(ensureDefinitions(), 'utf8'))
}

export const sharedFolder: string = process.env['CHIRON_SHARED'] ?? join(root, '..', 'shared')
export const syntheaFolder: string = join(sharedFolder, 'data', '01-synthea-fhir-r4')
export const examplesFolder: string = join(sharedFolder, 'data', '03-fhir-r4-spec-examples')
export const hasShared: boolean = existsSync(syntheaFolder) && existsSync(examplesFolder)
/** To be put in the title of a suite that needs the shared data. */
export const needsShared = hasShared ? '' : ' (skipped: no shared data; set CHIRON_SHARED)'

export function readJsonFile(path: string): JsonObject {
  const bytes = readFileSync(path)
  return JSON.parse((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')) as JsonObject
}

/** Every JSON file below a folder. */
export function jsonFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.json(?:\.gz)?$/.test(name))
    .sort()
    .map((name) => join(folder, name))
}

/** Resources of some Synthea bundles, with references between entries made relative and conditional ones given ids. */
export function syntheaResources(bundles: number, version = '2026-synthea-3.3-uscore5'): JsonObject[] {
  return jsonFiles(join(syntheaFolder, version))
    .slice(0, bundles)
    .flatMap((file) => {
      const entries = readJsonFile(file)['entry'] as { fullUrl: string; resource: JsonObject }[]
      const urls = new Map(entries.map(({ fullUrl, resource }) => [fullUrl, `${String(resource['resourceType'])}/${String(resource['id'])}`]))
      return entries.map(({ resource }) =>
        mapReferences(
          resource,
          ({ text, parsed }) => urls.get(text) ?? (parsed.form === 'conditional' ? `${parsed.type}/${parsed.query.replace(/.*[|]/, '')}` : undefined),
        ),
      )
    })
}
