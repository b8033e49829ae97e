import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Bundle, Patient, Resource } from '@medplum/fhirtypes'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChildNode } from './crash/child-node.ts'
import { FhirHttp } from './crash/fhir-http.ts'
import { clientOf } from './crash/workload.ts'
import { failingRequests } from './faults/scan/failing-requests.ts'
import { filesBelow } from './faults/scan/files.ts'
import { knownValues, type KnownValue } from './faults/scan/known-values.ts'
import { Scanner } from './faults/scan/scanner.ts'

const EXAMPLES = fileURLToPath(new URL('../../../examples/patients/', import.meta.url))
/** Codes and words of FHIR that the sample uses and that also are the program's own. */
const ORDINARY = new Set(['laboratory', 'vital-signs', 'procedure', 'Patient', 'Organization', 'Practitioner', 'collection', 'transaction', 'official', 'encounter', 'active'])

const root = mkdtempSync(join(tmpdir(), 'chiron-plaintext-'))
const data = join(root, 'data')
const scanner = new Scanner()
const errors: string[] = []
const printed: string[] = []
/** Ids that the server gave. */
const ids: string[] = []
let values: KnownValue[] = []

function readBundle(file: string): Bundle {
  return JSON.parse(gunzipSync(readFileSync(join(EXAMPLES, file))).toString()) as Bundle
}

function resourcesOf(bundle: Bundle): Resource[] {
  return (bundle.entry ?? []).flatMap(({ resource }) => resource ?? [])
}

async function post(fhir: FhirHttp, bundle: Bundle): Promise<string[]> {
  const { status, body } = await fhir.send('POST', '', bundle)
  expect({ status, body: status === 200 ? undefined : body }).toEqual({ status: 200, body: undefined })
  const answers = (body as Bundle).entry ?? []
  expect(answers.map(({ response }) => response?.status?.slice(0, 3)).filter((each) => each !== '201')).toEqual([])
  return answers.flatMap(({ response }) => /\/([^/]+)\/_history/.exec(response?.location ?? '')?.[1] ?? [])
}

/** Import, consent, reading elsewhere, the patient's list; then a kill, a restart, a rebuild and an orderly end. */
async function wholeRun(): Promise<ChildNode> {
  const files = readdirSync(EXAMPLES)
  const directories = files.filter((file) => file.startsWith('_')).sort().map(readBundle)
  const charts = files.filter((file) => /^(Else33|Son314)_/.test(file)).map(readBundle)
  expect([directories.length, charts.length]).toEqual([2, 2])
  values = knownValues([...directories, ...charts].flatMap(resourcesOf), ORDINARY)
  for (const { path, value } of values) scanner.add(path, value)

  let node = await ChildNode.start(data, { logLevel: 'debug' })
  const hospital = clientOf(node, 'riverside')
  for (const directory of directories) await post(hospital, directory)
  for (const chart of charts) ids.push(...(await post(hospital, chart)))
  const patients = (await hospital.searchAll('Patient')).map(({ id }) => id as string)
  expect(patients).toHaveLength(2)
  const clinic = clientOf(node, 'lakeside')
  expect((await clinic.send('GET', `Observation?patient=${patients[0] as string}`)).status).toBe(403)
  for (const patient of patients) await node.ask('grant', { patient, to: 'lakeside', categories: ['laboratory', 'conditions', 'medications'] })
  for (const patient of patients) expect((await clinic.searchAll(`Condition?patient=${patient}`)).length).toBeGreaterThan(0)
  const { token } = await node.ask('patientToken', { patient: patients[0] as string })
  const list = (await new FhirHttp(`${node.ready.url}/riverside/chiron`, token).send('GET', 'audit')).body as unknown as unknown[]
  expect(list.length).toBeGreaterThan(3)
  printed.push(JSON.stringify(list))
  const patient = resourcesOf(charts[0] as Bundle).find(({ resourceType }) => resourceType === 'Patient') as Patient
  errors.push(...(await failingRequests(node, patient, patients)))
  printed.push((await node.kill()).output)

  node = await ChildNode.start(data, { logLevel: 'debug' })
  await node.ask('rebuild', { organisation: 'riverside' })
  expect(await clientOf(node, 'riverside').searchAll('Patient')).toHaveLength(2)
  expect((await clientOf(node, 'lakeside').searchAll(`Condition?patient=${patients[0] as string}`)).length).toBeGreaterThan(0)
  return node
}

let node: ChildNode
beforeAll(async () => {
  node = await wholeRun()
}, 120_000)
afterAll(async () => {
  await node?.kill()
  rmSync(root, { recursive: true, force: true })
})

/** Findings in every file, its name included. */
function scanFiles(directory: string, scan: Scanner): string[] {
  const found: string[] = []
  for (const { path, bytes } of filesBelow(directory)) {
    for (const { name, form, offset } of [...scan.scan(bytes), ...scan.scan(Buffer.from(path))]) found.push(`${name} as ${form} in ${path} at ${offset}`)
  }
  return found
}

function scanTexts(texts: readonly string[], scan: Scanner): string[] {
  return texts.flatMap((text, index) => scan.scan(Buffer.from(text)).map(({ name, form, offset }) => `${name} as ${form} in text ${index}: ${text.slice(Math.max(0, offset - 80), offset)}…`))
}

test('known values are plenty, of every kind', () => {
  expect(values.length).toBeGreaterThan(1000)
  const paths = values.map(({ path }) => path)
  expect(paths).toEqual(
    expect.arrayContaining(['Patient.name.family', 'Patient.birthDate', 'Patient.address.line', 'Patient.identifier.value', 'Patient.telecom.value', 'Patient.text.div', 'Observation.code.coding.display', 'DiagnosticReport.presentedForm.data', 'Practitioner.name.family']),
  )
})

test('the data directory of a running node has none of them', () => {
  const files = [...filesBelow(data)]
  expect(files.length).toBeGreaterThan(20)
  expect(files.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeGreaterThan(5_000_000)
  expect(scanFiles(data, scanner)).toEqual([])
})

test('neither has what the node printed', () => {
  expect(printed.join('').length).toBeGreaterThan(2000)
  expect(scanTexts([...printed, node.output], scanner)).toEqual([])
})

test('errors repeat nothing of what was sent', () => {
  expect(errors.length).toBeGreaterThan(25)
  expect(scanTexts(errors, scanner)).toEqual([])
})

test('the ledger has no id of a resource either', () => {
  const idScanner = new Scanner()
  for (const id of ids) {
    idScanner.add('id', id)
    idScanner.add('id without hyphens', id.replaceAll('-', ''))
  }
  expect(ids.length).toBeGreaterThan(300)
  expect(scanFiles(join(data, 'ledger'), idScanner)).toEqual([])
})

test('after an orderly end the data directory has none of them', async () => {
  printed.push((await node.stop()).output)
  expect(scanFiles(data, scanner)).toEqual([])
  expect(scanTexts(printed, scanner)).toEqual([])
})

test('a value that is planted is found', () => {
  const { value } = values.find(({ path }) => path === 'Patient.name.family') as KnownValue
  const [file] = [...filesBelow(join(data, 'ledger', 'blocks'))]
  appendFileSync(join(data, 'ledger', 'blocks', file?.path ?? ''), Buffer.from(`x${value}`).toString('base64'))
  expect(scanFiles(data, scanner)).toEqual([expect.stringMatching(/^Patient\.name\.family as base64 after 1 in ledger\/blocks\//)])
})
