// A hospital writes a patient and a laboratory result, and keeps the proof that the ledger has them.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { SdkError, verifyTxReceipt } from '@chiron/sdk'
import { fhirAs, readTrust, say } from './setting/running-node.ts'

say('1. The physician of riverside, a hospital, gets a token.')
const hospital = await fhirAs('riverside', 'physician')

say('2. One transaction bundle: a new patient, and a result that refers to the patient before either has an id.')
const patient = {
  resourceType: 'Patient',
  identifier: [{ system: 'urn:example:chart-number', value: randomUUID() }],
  name: [{ family: 'Example', given: ['Robin'] }],
  gender: 'other',
  birthDate: '1980-02-03',
}
const haemoglobin = {
  resourceType: 'Observation',
  status: 'final',
  category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] }],
  code: { coding: [{ system: 'http://loinc.org', code: '718-7', display: 'Hemoglobin' }] },
  subject: { reference: 'urn:uuid:5f6d8f3e-0f6f-4c39-9a0b-6c7a3f1f0b11' },
  effectiveDateTime: new Date().toISOString(),
  valueQuantity: { value: 13.5, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
}
const written = await hospital.transaction({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    { fullUrl: 'urn:uuid:5f6d8f3e-0f6f-4c39-9a0b-6c7a3f1f0b11', resource: patient, request: { method: 'POST', url: 'Patient' } },
    { fullUrl: 'urn:uuid:0c1a52a9-54a3-4a35-8d57-3b8f0a0a4b52', resource: haemoglobin, request: { method: 'POST', url: 'Observation' } },
  ],
})
const locations = (written.resource.entry ?? []).map(({ response }) => response?.location ?? '')
assert.match(locations.join(' '), /^Patient\/[^ ]+ Observation\/[^ ]+$/)
for (const location of locations) say(`   written: ${location}`)

say('3. The answer carries a receipt. Checked here, offline, against the trust file of this machine:')
assert(written.receipt !== undefined, 'a write is answered with a receipt')
const { head, logIndex } = verifyTxReceipt(written.receipt, readTrust())
say(`   proven: both are in transaction ${logIndex} of the ledger ${head.chainId}, as of block ${head.height}, signed by ${head.signer}`)

say('4. The result refers to the patient under the id that the server gave.')
const [patientId = '', resultId = ''] = locations.map((location) => location.split('/')[1] ?? '')
const { resource: read } = await hospital.read<typeof haemoglobin>('Observation', resultId)
assert.equal(read.subject.reference, `Patient/${patientId}`)
say(`   Observation/${resultId} is about ${read.subject.reference}: ${read.valueQuantity.value} ${read.valueQuantity.unit}`)

say('5. A bundle is written whole or not at all: here the second resource is not valid.')
const neverWritten = { ...patient, identifier: [{ system: 'urn:example:chart-number', value: randomUUID() }] }
const refusal = await hospital
  .transaction({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { resource: neverWritten, request: { method: 'POST', url: 'Patient' } },
      { resource: { resourceType: 'Observation' }, request: { method: 'POST', url: 'Observation' } },
    ],
  })
  .catch((error: unknown) => error)
assert(refusal instanceof SdkError && refusal.code === 'ERR_SDK_INVALID', 'the bundle is refused')
for (const issue of refusal.context.outcome ?? []) say(`   refused: ${issue.expression?.[0] ?? 'the bundle'}: ${issue.diagnostics ?? issue.code}`)
const found = await hospital.search('Patient', { identifier: `urn:example:chart-number|${neverWritten.identifier[0]?.value}` })
assert.equal(found.total, 0)
say('   and the first, which was valid, is not there')
