// A patient takes over the identity that a hospital registered, and reads with nothing but their own keys.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claimIdentity, readClaimCode } from '@chiron/sdk/patient'
import { admitPatient } from './setting/admission.ts'
import { addressOf, chiron, fhirAs, readTrust, say } from './setting/running-node.ts'

const folder = mkdtempSync(join(tmpdir(), 'chiron-wallet-'))
const wallet = join(folder, 'wallet.json')
const passphrase = join(folder, 'passphrase')
writeFileSync(passphrase, 'a passphrase of your own\n', { mode: 0o600 })
const own = ['--wallet', wallet, '--at', addressOf('lakeside'), '--passphrase-file', passphrase]

say('1. The hospital admits a patient and, at its desk, prints a code for them. It is kept nowhere else.')
const { patient } = await admitPatient()
const { code, untilMs } = JSON.parse(await chiron('patient', 'claim-code', '--patient', patient, '--json')) as { code: string; untilMs: number }
say(`   ${code.slice(0, 11)}…, once, until ${new Date(untilMs).toISOString()}`)

say('2. A letter that was read wrongly is noticed before anything is sent.')
const mistyped = `${code.startsWith('2') ? '3' : '2'}${code.slice(1)}`
assert.throws(() => readClaimCode(mistyped), { code: 'ERR_SDK_CLAIM_CODE' })
say('   the code is mistyped')

say("3. The patient claims, through another member's node: new keys, under a passphrase, in a file of their own.")
const { did, sealed, released } = JSON.parse(await chiron('patient', 'claim', '--code', code, ...own, '--json')) as { did: string; sealed: number; released: number }
assert.equal(statSync(wallet).mode & 0o777, 0o600)
say(`   ${did}: ${sealed} records sealed to the wallet, by a release of ${released} keys`)

say('4. The code is used up.')
const again = claimIdentity({ base: addressOf('riverside'), trust: readTrust(), code }, async () => undefined)
await assert.rejects(again, { code: 'ERR_SDK_FORBIDDEN' })
say('   refused: ERR_SDK_FORBIDDEN')

say('5. What the hospital writes from now on, the wallet reads as well; and after new keys too.')
const hospital = await fhirAs('riverside', 'physician')
await hospital.create({ resourceType: 'Observation', status: 'final', code: { text: 'Weight' }, subject: { reference: `Patient/${patient}` }, valueString: '70 kg' })
await chiron('patient', 'rotate', ...own)
for (const line of (await chiron('patient', 'records', ...own)).split('\n').slice(1)) say(`   ${line.trim()}`)

say('6. All of it, with its proofs, in one document; checked offline.')
await chiron('patient', 'export', ...own, '--out', join(folder, 'export.json'))
for (const line of (await chiron('verify', join(folder, 'export.json'))).split('\n').slice(0, 2)) say(`   ${line}`)

say('7. The release and the takeover stand in the list.')
for (const line of (await chiron('audit', '--patient', patient)).split('\n').filter((row) => /took over|gave out|opened access/.test(row))) say(`   ${line.replace(/\s+/g, ' ')}`)
rmSync(folder, { recursive: true })
