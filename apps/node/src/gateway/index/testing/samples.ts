import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadDefinitions } from '@chiron/fhir'
import type { DefinitionsModel } from '@chiron/fhir'
import type { RowUpsert } from '../port.ts'
import type { Visibility } from '../visibility.ts'

/** Search definitions, as a node loads them at its start. */
export function loadTestDefinitions(): void {
  loadDefinitions(readTestDefinitions())
}

export function readTestDefinitions(): DefinitionsModel {
  return JSON.parse(readFileSync(new URL('../../../../../../packages/fhir/generated/definitions.json', import.meta.url), 'utf8')) as DefinitionsModel
}

/** A new directory, in memory where there is such a file system: what the tests ask does not depend on flushing. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'chiron-index-'))
}

export const KEY = new Uint8Array(32).fill(7)

export const EVERYTHING: Visibility = { accesses: [], authored: 'all', directory: true }

/** 16 bytes that stand for a resource: the same for all its versions and forms. */
export function recordOf(id: string): Uint8Array {
  return Buffer.from(id.padEnd(16, '.')).subarray(0, 16)
}

export function patientRow(id: string, given: string, rest: Partial<RowUpsert> = {}): RowUpsert {
  const resource = { resourceType: 'Patient', id, name: [{ family: 'Example', given: [given] }] }
  return { record: recordOf(id), type: 'Patient', id, version: '1', form: 0, authored: true, lastUpdatedMs: 1_000, subjects: [id], current: true, resource, ...rest }
}

export function observationRow(id: string, patient: string, code: string, rest: Partial<RowUpsert> & { readonly value?: number } = {}): RowUpsert {
  const { value = 1, ...row } = rest
  const resource = {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code }] },
    subject: { reference: `Patient/${patient}` },
    valueQuantity: { value, unit: 'g', system: 'http://unitsofmeasure.org', code: 'g' },
  }
  return { record: recordOf(id), type: 'Observation', id, version: '1', form: 0, authored: true, lastUpdatedMs: 1_000, subjects: [patient], current: true, resource, ...row }
}

export function organizationRow(id: string, rest: Partial<RowUpsert> = {}): RowUpsert {
  const resource = { resourceType: 'Organization', id, name: `Clinic ${id}` }
  return { record: recordOf(id), type: 'Organization', id, version: '1', form: 0, authored: false, lastUpdatedMs: 1_000, subjects: [], current: true, directory: true, resource, ...rest }
}

/** The same version without its resource: a tombstone. */
export function tombstoneOf(row: RowUpsert, version: string): RowUpsert {
  const { resource, ...rest } = row
  void resource
  return { ...rest, version }
}
