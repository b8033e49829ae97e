// A patient ends what was granted: the next request is refused, and the traces stay, also as FHIR resources.
import assert from 'node:assert/strict'
import type { AuditEvent, Consent } from '@medplum/fhirtypes'
import { admitPatient } from './setting/admission.ts'
import { chiron, fhirAs, fhirAsPatient, say } from './setting/running-node.ts'

say('1. The patient has shared laboratory results with the clinic for a day; its physician reads one.')
const { patient, haemoglobin } = await admitPatient()
const rule = await chiron('consent', 'grant', '--patient', patient, '--to', 'lakeside', '--category', 'laboratory', '--for', 'P1D')
const clinic = await fhirAs('lakeside', 'physician')
assert.equal((await clinic.search('Observation', { patient })).total, 1)
assert.equal((await clinic.read('Observation', haemoglobin)).resource.id, haemoglobin)
say(`   Observation/${haemoglobin} is open`)

say('2. The patient ends the rule.')
assert.equal(await chiron('consent', 'revoke', '--patient', patient, rule), rule)

say('3. The very next request is refused; a result that was open a moment ago looks as if it did not exist.')
await assert.rejects(clinic.search('Observation', { patient }), { code: 'ERR_SDK_FORBIDDEN' })
await assert.rejects(clinic.read('Patient', patient), { code: 'ERR_SDK_FORBIDDEN' })
await assert.rejects(clinic.read('Observation', haemoglobin), { code: 'ERR_SDK_NOT_FOUND' })
assert.equal((await clinic.search('Observation', { _id: haemoglobin })).total, 0)
say(`   Observation?patient=${patient}: refused`)
say(`   Observation/${haemoglobin}: not found`)

say('4. No access is open any more.')
assert.deepEqual(JSON.parse(await chiron('access', '--patient', patient, '--json')), [])

say('5. The patient reads the rule as a FHIR Consent: no longer active.')
const own = await fhirAsPatient(patient)
const { resource: consent } = await own.read<Consent>('Consent', rule)
assert.equal(consent.status, 'inactive')
const { type, actor, class: categories, purpose } = consent.provision ?? {}
say(`   Consent/${rule}: ${consent.status}; ${type} ${actor?.[0]?.reference?.display} ${categories?.map(({ code }) => code).join(', ')}`)
assert.equal(purpose, undefined, 'no purpose was named: any')

say('6. And what the clinic did as AuditEvents, newest first.')
const events = await own.search<AuditEvent>('AuditEvent', { patient })
const clinics = (events.entry ?? []).flatMap(({ resource }) => (resource?.source.observer.display === 'lakeside' ? [resource] : []))
const kindOf = (event: AuditEvent): string | undefined => event.subtype?.find(({ system }) => system === 'urn:chiron:access')?.code
for (const event of clinics) {
  say(`   ${event.recorded}  ${kindOf(event)}: ${event.agent[0]?.who?.display} for ${event.purposeOfEvent?.[0]?.coding?.[0]?.code}`)
}
const kinds = clinics.map(kindOf)
assert.equal(kinds.filter((kind) => kind === 'open').length, 1)
assert(kinds.includes('close') && kinds.indexOf('close') < kinds.indexOf('open'), 'what was opened is closed')
