// A patient ends what was granted: the door is shut with the next request, and the traces stay, also as FHIR.
import assert from 'node:assert/strict'
import type { AuditEvent, Consent } from '@medplum/fhirtypes'
import { admitPatient } from './setting/admission.ts'
import { chiron, fhirAs, fhirAsPatient, say } from './setting/running-node.ts'

say('1. The patient has shared laboratory results with the clinic for a day; its physician reads one.')
const { patient, haemoglobin } = await admitPatient()
const rule = await chiron('consent', 'grant', '--patient', patient, '--to', 'lakeside', '--category', 'laboratory', '--for', 'P1D')
const clinic = await fhirAs('lakeside', 'physician')
const { resource } = await clinic.read('Observation', haemoglobin).catch(() => assert.fail('the result is shared'))
assert.equal(resource.id, haemoglobin)
