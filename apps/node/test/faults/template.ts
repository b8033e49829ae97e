import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Observation, Resource } from '@medplum/fhirtypes'
import { ChildNode } from '../crash/child-node.ts'
import type { FhirHttp } from '../crash/fhir-http.ts'
import { clientOf } from '../crash/workload.ts'

const OBSERVATIONS = 12

/** A data directory with one patient's chart at riverside, to be copied and damaged. */
export interface Template {
  readonly root: string
  readonly data: string
  readonly patient: string
  /** Of the patient's observations, in order */
  readonly values: readonly number[]
  /** A copy of the directory under a new name. */
  copy(): string
  remove(): void
}

/** Makes a node, writes a chart, ends it in order. */
export async function makeTemplate(): Promise<Template> {
  const root = mkdtempSync(join(tmpdir(), 'chiron-faults-'))
  const data = join(root, 'data')
  const node = await ChildNode.start(data)
  try {
    const fhir = clientOf(node, 'riverside')
    const patient = (await write(fhir, { resourceType: 'Patient', name: [{ family: 'Fault' }] })).id as string
    const values = Array.from({ length: OBSERVATIONS }, (_, number) => number)
    for (const value of values) await write(fhir, observation(patient, value))
    await node.stop()
    writeFileSync(join(data, 'node.json'), '{"format":"chiron/node/v1","ready":true}\n')
    let copies = 0
    return {
      root,
      data,
      patient,
      values,
      copy: () => {
        const target = join(root, `copy-${++copies}`)
        cpSync(data, target, { recursive: true, filter: (path) => !path.endsWith('.sock') })
        return target
      },
      remove: () => rmSync(root, { recursive: true, force: true }),
    }
  } finally {
    await node.kill()
  }
}

export function observation(patient: string, value: number): Observation {
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
    subject: { reference: `Patient/${patient}` },
    valueQuantity: { value, unit: 'g/L' },
  }
}

export async function write(fhir: FhirHttp, resource: Resource): Promise<Resource> {
  const { status, body } = await fhir.send('POST', resource.resourceType, resource)
  if (status !== 201) throw new Error(`answered ${status}: ${JSON.stringify(body)}`)
  return body as Resource
}

/** Values of the patient's observations, in order. */
export async function valuesSeen(fhir: FhirHttp, patient: string): Promise<number[]> {
  const found = (await fhir.searchAll(`Observation?patient=${patient}&_count=1000`)) as Observation[]
  return found.map(({ valueQuantity }) => valueQuantity?.value ?? -1).sort((a, b) => a - b)
}

export function flipByte(path: string, offset: number): void {
  const bytes = readFileSync(path)
  const at = offset < 0 ? bytes.length + offset : offset
  bytes[at] = (bytes[at] as number) ^ 0xff
  writeFileSync(path, bytes)
}
