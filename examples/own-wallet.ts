// Keys of one's own: made here, backed up, and used to sign what the ledger then judges.
import assert from 'node:assert/strict'
import {
  backupWallet, consent, createPlatformSigner, createWallet, days, readSignedTx, restoreWallet, SdkError, TxBuilder, type SignedTransaction, type Wallet,
} from '@chiron/sdk'
import { admitPatient } from './setting/admission.ts'
import { ledgerAt, say } from './setting/running-node.ts'

say('1. A wallet is made here. Its identity follows from its first key; nobody has to give it out.')
const wallet = createWallet({ kind: 'patient' })
say(`   ${wallet.did}`)
assert.equal(JSON.stringify(wallet.secrets), '{"signing":"[secret]","agreement":"[secret]"}', 'secrets do not print')

say('2. It comes back from its backup. That is in the clear: encrypt it before it is kept anywhere.')
const restored = restoreWallet(JSON.parse(JSON.stringify(backupWallet(wallet))))
assert.equal(restored.did, wallet.did)
const another = backupWallet(createWallet({ kind: 'patient' }))
assert.throws(() => restoreWallet({ ...backupWallet(wallet), signing: another.signing }), { code: 'ERR_SDK_WALLET' })
say('   restored; a backup with another key in it is refused')

say('3. A key can also be made so that nobody reads it out, and so nobody backs it up.')
const platform = await createPlatformSigner()
await assert.rejects(crypto.subtle.exportKey('pkcs8', platform.pair.privateKey))
say(`   an Ed25519 key of ${platform.publicKey.length} bytes, private half not extractable`)

say('4. With the terms of a rule and the wallet, a transaction is built and signed here.')
const { patient } = await admitPatient()
const ledger = await ledgerAt('riverside', patient)
const network = await ledger.network()
const me = await ledger.patient()
const lakeside = network.members.find(({ name }) => name === 'lakeside')
assert(lakeside !== undefined)
const terms = consent.permitTerms(new consent.Vocabulary(me.tagKey), {
  to: consent.organisation(lakeside.did),
  categories: ['laboratory'],
  purposes: ['TREAT'],
  until: network.blockTimeMs + days(1),
})
const sign = (by: Wallet): Promise<SignedTransaction> =>
  new TxBuilder({ chainId: network.chainId, wallet: by }).add(consent.grant({ patient: me.handle, terms })).sign()
const tx = await sign(restored)
const { body } = readSignedTx(tx.bytes)
assert.equal(body.signer, wallet.did)
say(`   ${body.messages.map(({ type }) => type).join(', ')}, ${tx.bytes.length} bytes, signed by ${body.signer} with ${body.keyId}`)

say('5. The ledger knows no such signer and refuses: this patient has not claimed their identity with this wallet.')
say(`   ${await refusalOf(tx)}`)

say("6. Nor does it help to sign in the patient's name with a key that is not theirs.")
say(`   ${await refusalOf(await sign({ ...wallet, did: me.did }))}`)

say('7. Nothing came of either: the patient has no rule.')
assert.deepEqual(await ledger.rules(), [])
say('   On this sample network the wallets of patients are in the custody of the node, which signs for `npx chiron consent`.')

/** Sends the same bytes until there is an answer; that must be a refusal. */
async function refusalOf(signed: SignedTransaction): Promise<string> {
  const refusal = await ledger.submitUntilExpired(signed).catch((error: unknown) => error)
  assert(refusal instanceof SdkError && refusal.code === 'ERR_SDK_INVALID', 'the ledger refuses the transaction')
  return `refused (${refusal.context.status}): ${refusal.context.outcome?.[0]?.diagnostics}`
}
