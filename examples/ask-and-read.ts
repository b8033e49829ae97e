// A clinic's physician is refused, asks the patient, gets less than was asked for, and reads just that.
import assert from 'node:assert/strict'
import { SdkError, type FhirResource } from '@chiron/sdk'
import { admitPatient } from './setting/admission.ts'
import { chiron, fhirAs, ledgerAt, say } from './setting/running-node.ts'

interface Observation extends FhirResource {
  readonly code: { readonly coding: readonly { readonly display: string }[] }
  readonly valueQuantity: { readonly value: number; readonly unit: string }
}

say('1. The hospital, riverside, has a patient with a laboratory result, a heart rate and a diagnosis.')
const { patient, haemoglobin, heartRate, hypertension } = await admitPatient()

say('2. The physician of lakeside, a clinic, looks for results and is refused.')
const clinic = await fhirAs('lakeside', 'physician')
const refusal = await clinic.search('Observation', { patient }).catch((error: unknown) => error)
assert(refusal instanceof SdkError && refusal.code === 'ERR_SDK_FORBIDDEN', 'nobody reads without consent')
say(`   ${refusal.context.status}: ${refusal.context.outcome?.[0]?.diagnostics}`)

say('3. So the physician asks, for results and diagnoses, for a day.')
const asked = await chiron(
  'request', '--org', 'lakeside', '--user', 'physician', '--patient', patient,
  '--purpose', 'TREAT', '--category', 'laboratory', '--category', 'conditions', '--for', 'P1D',
)
say(`   request ${asked}`)

say('4. The patient sees who asks for what.')
const [request] = await (await ledgerAt('riverside', patient)).requests()
assert(request !== undefined && request.request === asked && request.status === 'open')
say(`   ${request.who} asks to ${request.actions.join(' and ')} ${request.categories.join(' and ')}, for ${request.purposes.join(', ')}`)

say('5. The patient says yes to the results, no to the diagnoses, and to an hour only.')
const rule = await chiron('request', 'approve', asked, '--category', 'laboratory', '--for', 'PT1H')
say(`   rule ${rule}`)

say('6. The physician reads the results.')
const results = await clinic.search<Observation>('Observation', { patient })
assert.deepEqual(results.entry?.map(({ resource }) => resource?.id), [haemoglobin])
for (const { resource } of results.entry ?? []) {
  say(`   ${resource?.code.coding[0]?.display}: ${resource?.valueQuantity.value} ${resource?.valueQuantity.unit}`)
}

say('7. Everything else looks as if it did not exist, also to who knows its address.')
assert.equal((await clinic.search('Condition', { patient })).total, 0)
for (const [type, id] of [['Observation', heartRate], ['Condition', hypertension]] as const) {
  await assert.rejects(clinic.read(type, id), { code: 'ERR_SDK_NOT_FOUND' })
  say(`   ${type}/${id}: not found`)
}

say('8. Another purpose is not what the patient agreed to.')
const research = await fhirAs('lakeside', 'physician', 'HRESCH')
await assert.rejects(research.search('Observation', { patient }), { code: 'ERR_SDK_FORBIDDEN' })
say('   refused for research (HRESCH)')
