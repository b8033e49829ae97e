// A patient sees every access, proves that the list is whole, and notices when somebody has touched it.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createWallet, type Trust } from '@chiron/sdk'
import { verifyAuditList, type AuditRow } from '@chiron/sdk/audit'
import { admitPatient } from './setting/admission.ts'
import { chiron, fhirAs, ledgerAt, readTrust, say } from './setting/running-node.ts'

say('1. The clinic is refused; the patient then shares laboratory results with it; its physician reads one.')
const { patient } = await admitPatient()
const clinic = await fhirAs('lakeside', 'physician')
await assert.rejects(clinic.search('Observation', { patient }), { code: 'ERR_SDK_FORBIDDEN' })
const rule = await chiron('consent', 'grant', '--patient', patient, '--to', 'lakeside', '--category', 'laboratory', '--for', 'P1D')
assert.equal((await clinic.search('Observation', { patient })).total, 1)

say('2. The patient asks for the list. Any member has the same; the clinic itself also hands in what it has yet to report.')
const rows = (await (await ledgerAt('lakeside', patient)).audit()) as readonly AuditRow[]
for (const { when, who, organisation, what } of rows) {
  const [role = who] = who.split(' (')
  say(`   ${when}  ${organisation === '' || organisation === role ? role : `${role} of ${organisation}`}: ${what}`)
}
assert(rows.some(({ organisation, what }) => organisation === 'lakeside' && what === 'was refused once to read'))
assert(rows.some((row) => row.organisation === 'lakeside' && row.what === 'was shown laboratory (1)' && row.purpose === 'TREAT' && row.rule === rule))

say('3. Nobody has to believe the node: the list is checked here, offline, against the trust file of this machine.')
const trust = readTrust()
const proven = verifyAuditList(rows, trust)
assert.deepEqual(proven.lists.map(({ size }) => size), [rows.length])
say(`   proven: all ${rows.length} entries as of block ${proven.height}, nothing missing, nothing added`)

say('4. A row that says something else is noticed.')
const [newest, ...older] = rows
assert(newest !== undefined)
assert.throws(() => verifyAuditList([{ ...newest, who: 'nobody' }, ...older], trust), { code: 'ERR_SDK_AUDIT_MISMATCH' })
say('   refused: ERR_SDK_AUDIT_MISMATCH')

say('5. So is a row that was taken out, the newest too.')
for (const at of rows.keys()) assert.throws(() => verifyAuditList(rows.toSpliced(at, 1), trust), { code: 'ERR_SDK_AUDIT_INCOMPLETE' })
say('   refused: ERR_SDK_AUDIT_INCOMPLETE')

say('6. And a list that somebody signed whom you do not trust.')
const stranger = createWallet({ kind: 'organisation' })
const elsewhere: Trust = { chainId: trust.chainId, signers: [{ did: stranger.did, publicKey: stranger.signer.publicKey }] }
assert.throws(() => verifyAuditList(rows, elsewhere), { name: 'ProofError' })
say('   refused')

say('7. The same on the command line; the file can be checked on any machine that has the trust file.')
const folder = await mkdtemp(join(tmpdir(), 'chiron-example-'))
const file = join(folder, 'audit.json')
await writeFile(file, await chiron('audit', '--patient', patient, '--json'))
say(await chiron('verify', file))
await rm(folder, { recursive: true })
