import { didOf, publicKeyOf, sampleBytes } from './protocol-reference.ts'

type Sample = { readonly type: string; readonly [field: string]: unknown }

const key = (label: string): Uint8Array => publicKeyOf(sampleBytes(label, 32))
const did = (kind: string, label: string): string => didOf(kind, key(label), sampleBytes(`${label} inception`, 16))
const salt = (label: string): Uint8Array => sampleBytes(`salt ${label}`, 16)

const lakeside = did('organisation', 'lakeside')
const physician = did('practitioner', 'physician')
const patient = sampleBytes('handle', 32)
const until = 1_804_000_000_000
const second = sampleBytes('second handle', 32)
const laboratory = sampleBytes('tag laboratory', 8)
const genetics = sampleBytes('tag genetics', 8)

const terms = {
  effect: 'permit', grantee: { kind: 'organisation', did: lakeside }, purposes: ['TREAT'], categories: [laboratory], labels: [], records: [],
  actions: ['read'], from: 1_796_000_000_000, until, overrides: null,
}
const denial = {
  ...terms, effect: 'deny', grantee: { kind: 'person', did: physician }, labels: [genetics], records: [sampleBytes('record', 16)],
  actions: ['read', 'write', 'share', 'research'], until: null, overrides: null,
}
const entry = {
  record: sampleBytes('record', 16), version: 1, flags: 0, subjects: [patient], category: laboratory, labels: [genetics],
  ciphertext: sampleBytes('ciphertext', 32), size: 1873, keyCommitment: sampleBytes('key commitment', 32), shareRoot: sampleBytes('share root', 32),
}
const limited = {
  ...terms, grantee: { kind: 'role', role: 'nurse', organisation: lakeside }, data: { from: 1_500_020_000, until: null },
  conditions: [{ kind: 'jurisdiction', within: true, of: ['DE', 'FR'] }, { kind: 'second-person' }, { kind: 'terms', hash: sampleBytes('terms of use', 32) }],
  obligations: ['ENCRYPT', 'NORDSCLW'],
}
const hidden = { ...denial, grantee: { kind: 'anyone' }, data: { from: 1_500_020_000, until: 1_500_020_031 }, conditions: [{ kind: 'jurisdiction', within: false, of: ['CH'] }], absolute: true }
const keyholder = { did: did('device', 'keyholder'), signingKey: key('keyholder'), agreementKey: sampleBytes('keyholder agreement', 32), suite: 'x25519', kemKey: sampleBytes('keyholder kem', 32) }
const receipt = { keyholder: keyholder.did, signature: sampleBytes('receipt', 64) }
const groupReceipt = { ...receipt, group: { size: 3, index: 2, path: [sampleBytes('sibling', 32)] } }

/** One message of every type, with every kind of field. */
export function sampleMessages(): readonly Sample[] {
  const samples: readonly Sample[] = [
    { type: 'identity.register', kind: 'patient', did: did('patient', 'ada'), signingKey: key('ada'), agreementKey: sampleBytes('ada agreement', 32), inception: sampleBytes('ada inception', 16), handle: patient },
    { type: 'identity.rotateKey', did: physician, keyId: 'k2', signingKey: key('physician 2'), agreementKey: sampleBytes('physician agreement 2', 32) },
    { type: 'identity.attest', subject: physician, role: 'physician', until },
    { type: 'identity.revokeAttestation', attestation: sampleBytes('attestation', 16) },
    { type: 'identity.delegate', to: lakeside, purposes: ['TREAT'], until },
    { type: 'identity.revokeDelegation', to: lakeside },
    { type: 'identity.addHandle', did: did('patient', 'ada'), handle: second },
    { type: 'identity.suspend', did: physician, suspended: true },
    { type: 'identity.offerClaim', did: did('patient', 'ada'), claimKey: key('claim'), until },
    { type: 'identity.withdrawClaim', did: did('patient', 'ada') },
    { type: 'identity.claim', did: did('patient', 'ada'), signingKey: key('ada 2'), agreementKey: sampleBytes('ada agreement 2', 32), claimSignature: sampleBytes('claim signature', 64), possession: sampleBytes('possession', 64) },
    { type: 'records.put', recorder: physician, purpose: 'TREAT', entries: [entry, { ...entry, record: sampleBytes('record two', 16), version: 0xffff_ffff, labels: [], flags: 1, subjects: [patient, second], furtherTags: [{ category: genetics, labels: [] }] }, { ...entry, record: sampleBytes('record three', 16), subjects: [patient, second], dates: { from: 1_500_020_000, until: 1_500_020_003 }, furtherTags: [{ category: genetics, labels: [], dates: { from: 0, until: 0xffff_ffff } }] }], custodySet: 1, receipts: [receipt] },
    { type: 'records.label', record: entry.record, labels: [genetics], subject: patient },
    { type: 'records.label', record: entry.record, labels: [genetics], change: 'add' },
    { type: 'consent.grant', patient, terms },
    { type: 'consent.grant', patient, terms: limited },
    { type: 'consent.grant', patient, terms: hidden },
    { type: 'consent.modify', patient, rule: sampleBytes('rule', 16), terms: { ...denial, overrides: null } },
    { type: 'consent.revoke', patient, rule: sampleBytes('rule', 16) },
    { type: 'consent.request', patient, reader: physician, grantee: terms.grantee, purposes: ['TREAT'], categories: [laboratory], labels: [], actions: ['read'], forMs: 86_400_000 },
    { type: 'consent.approve', patient, request: sampleBytes('request', 16), terms: { ...terms, grantee: { kind: 'role', role: 'physician' }, overrides: sampleBytes('denial', 16) } },
    { type: 'consent.deny', patient, request: sampleBytes('request', 16) },
    { type: 'consent.registerTreatment', patient, until },
    { type: 'consent.contestTreatment', patient, organisation: lakeside },
    { type: 'consent.order', patient: null, terms: { ...denial, labels: [], records: [], grantee: { kind: 'anyone' }, purposes: ['HMARKT'] }, basis: sampleBytes('court order', 32) },
    { type: 'consent.order', patient, terms, basis: sampleBytes('public-health act', 32) },
    { type: 'consent.liftOrder', patient, order: sampleBytes('order', 16) },
    { type: 'consent.liftOrder', patient: null, order: sampleBytes('order', 16) },
    { type: 'consent.appointDelegate', patient, delegate: did('patient', 'mother'), actions: ['read'], categories: [laboratory], labels: [genetics], until },
    { type: 'consent.dismissDelegate', patient, delegate: did('patient', 'mother') },
    { type: 'consent.acceptTerms', hash: sampleBytes('terms of use', 32) },
    { type: 'access.open', openings: [{ patient, reader: physician, purpose: 'TREAT', action: 'read' }] },
    { type: 'access.close', patient, access: sampleBytes('access', 16) },
    { type: 'access.refuse', refusals: [{ patient, reader: physician, purpose: 'HRESCH', action: 'research', count: 3 }] },
    { type: 'access.refuse', refusals: [{ patient, reader: null, purpose: 'TREAT', action: 'read', count: 1 }] },
    { type: 'access.report', reports: [{ patient, access: sampleBytes('access', 16), counts: [{ category: laboratory, count: 4 }], root: sampleBytes('report root', 32) }] },
    { type: 'access.endorse', patient, reader: physician, purpose: 'TREAT', endorser: did('practitioner', 'nurse'), until },
    { type: 'access.breakGlass', patient, reader: physician, reason: 'cannot-be-asked' },
    { type: 'access.confirmEmergency', patient, emergency: sampleBytes('emergency', 16), confirmer: did('practitioner', 'nurse') },
    { type: 'access.reviewEmergency', patient, emergency: sampleBytes('emergency', 16), outcome: 'unjustified', reviewer: did('practitioner', 'reviewer') },
    { type: 'access.contestEmergency', patient, emergency: sampleBytes('emergency', 16) },
    { type: 'custody.setKeyholders', keyholders: [keyholder], threshold: 1 },
    { type: 'custody.addReceipts', set: 1, root: sampleBytes('batch root', 32), receipts: [receipt] },
    { type: 'custody.addReceipts', set: 1, root: sampleBytes('batch root', 32), receipts: [receipt, groupReceipt] },
    { type: 'custody.commitLog', root: sampleBytes('release log', 32), size: 70_000 },
    { type: 'network.addMember', did: lakeside, name: 'lakeside', handle: sampleBytes('lakeside handle', 32), signingKey: key('lakeside'), agreementKey: sampleBytes('lakeside agreement', 32), inception: sampleBytes('lakeside inception', 16) },
    { type: 'network.addMember', did: lakeside, name: 'lakeside', handle: sampleBytes('lakeside handle', 32), signingKey: key('lakeside'), agreementKey: sampleBytes('lakeside agreement', 32), inception: sampleBytes('lakeside inception', 16), jurisdiction: 'CH' },
    { type: 'network.removeMember', did: lakeside },
    { type: 'network.setJurisdiction', did: lakeside, jurisdiction: 'DE' },
    { type: 'network.setParameter', name: 'maxAccessMs', value: 43_200_000 },
    { type: 'network.setParameter', name: 'emergencyConfirmMs', value: 900_000 },
  ]
  return samples.map((sample) => ({ ...sample, salt: salt(sample.type) }))
}
