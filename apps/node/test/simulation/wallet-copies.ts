import { encodeCanonical, equalBytes, fromHex, keyCommitment, toHex, type Did, type Handle, type ObjectId } from '@chiron/protocol'
import { decodeRecordEntry, fromBase64url, parseReceipt, verifyReceipt, type RecordEntry } from '@chiron/ledger/proofs'
import type { Resource } from '@medplum/fhirtypes'
import {
  CopyOpener, decodeCopy, envelopeSalt, openEnvelope, openReleases, sealCopies as sealKeys, signReleaseRequest, VaultError, type BlobStore, type KemKeyPair, type WalletCopies,
} from '@chiron/vault'
import type { Incarnation, SeededRandom } from '@chiron/testkit/simulation'
import { genesisHash } from '../../src/engine/embedded/chain.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { KeyholderService } from '../../src/gateway/vault-custodian.ts'
import { WalletService } from '../../src/gateway/wallet/wallet-service.ts'
import type { Acting } from './acting.ts'
import { textOf } from './checker.ts'
import type { Organisation } from './config.ts'
import { textOfResource } from './intents.ts'
import { agreementPairOf } from './parties.ts'
import type { PatientActor } from './patients.ts'
import type { World } from './world.ts'

const CALL_MS = 6_000
const PURPOSE = 'PATRQT'

type Ask = { readonly what: 'records' | 'envelopes' | 'release' | 'copies'; readonly did: Did; readonly body: Uint8Array }
type Records = Awaited<ReturnType<WalletService['records']>>
type Envelopes = Awaited<ReturnType<WalletService['envelopes']>>
type Released = Awaited<ReturnType<WalletService['release']>>

/** A gateway's part for wallets, without sessions: those are HTTP's. */
export function serveWallets(run: Incarnation, { name }: Organisation, parts: { engine: Engine; blobs: BlobStore; keyholders: readonly KeyholderService[]; copies: WalletCopies }): void {
  const service = new WalletService(parts)
  run.services.set(`wallet ${name}`, async ({ what, did, body }: Ask): Promise<unknown> => {
    switch (what) {
      case 'records':
        return await service.records(did)
      case 'envelopes':
        return await service.envelopes(did, body)
      case 'release':
        return await service.release(did, body)
      case 'copies':
        return await service.putCopies(did, body)
    }
  })
}

/** As the sdk's wallet does: proves its lists, has missing keys released, seals them to itself. Gives how many it sealed. */
export async function sealCopies(acting: Acting, random: SeededRandom, patient: PatientActor): Promise<number> {
  const { world } = acting
  const { chainId } = world.genesis
  const { signer, did } = patient
  const organisation = acting.organisation(random)
  const ask = async <T>(what: Ask['what'], body: unknown): Promise<T> => {
    const machine = world.machine(world.config.topology === 'spread' ? organisation.name : 'node')
    return await world.network.call<T>(world.clients, machine, `wallet ${organisation.name}`, { what, did, body: body instanceof Uint8Array ? body : encodeCanonical(body) } satisfies Ask, CALL_MS)
  }
  const { lists, copies } = await ask<Records>('records', {})
  const kept = new Map(copies.map(([ciphertext, bytes]) => [ciphertext as string, fromBase64url(bytes as string) as Uint8Array]))
  const wanted = lists.flatMap(({ list }) => proven(world, list)).filter(({ others, ciphertext }) => {
    const copy = kept.get(toHex(ciphertext))
    return others.length === 0 && (copy === undefined || decodeCopy(copy).keyId !== signer.keyId)
  })
  if (wanted.length === 0) return 0
  const { envelopes } = await ask<Envelopes>('envelopes', { ciphertexts: wanted.map(({ ciphertext }) => ciphertext) })
  const bytesOf = (at: number): Uint8Array => fromBase64url(envelopes[at] as string) as Uint8Array
  const keys = await openKept(world, patient, wanted, kept)
  const missing = wanted.filter(({ ciphertext }) => !keys.has(toHex(ciphertext)))
  if (missing.length > 0) {
    await acting.sign(random, signer, { type: 'access.open', salt: random.bytes(16), openings: [{ patient: patient.handle, reader: did, purpose: PURPOSE, action: 'read' }] })
    const access = [...acting.model.accesses.values()].find((each) => each.open && each.reader === did && each.organisation === did && each.patient === toHex(patient.handle) && acting.timeMs < each.untilMs)
    if (access === undefined) return 0
    const request = await signReleaseRequest({
      v: 1, chainId, access: fromHex(access.id) as ObjectId, reader: did, gateway: did, records: missing.map(({ record, version }) => [record, version]),
      recipient: { suite: 'x25519', key: signer.agreementKey }, nonce: random.bytes(16), validUntil: acting.timeMs + 60_000,
    }, (message) => signer.sign(message))
    const releasing = ask<Released>('release', request.bytes)
    const [{ responses }] = await Promise.all([releasing, ...(random.chance(0.3) ? [rotate(acting, random, patient)] : [])])
    const signatures = world.signatures()
    const opened = await openReleases({
      request: request.hash,
      recipient: await agreementPairOf(signer),
      records: missing.map((entry) => ({ ...entry, set: entry.custodySet, salt: envelopeSalt(bytesOf(wanted.indexOf(entry))) })),
      responses: responses.map(({ keyholder, response }) => ({ keyholder, bytes: fromBase64url(response) as Uint8Array })),
      set: () => ({ number: 1, ...world.genesis.custody }),
    }, (key, message, signature) => signatures.verify(key, message, signature))
    for (const [at, answer] of opened.keys.entries()) if ('key' in answer) keys.set(toHex((missing[at] as RecordEntry).ciphertext), answer.key)
  }
  const having = wanted.filter((entry, at) => {
    const key = keys.get(toHex(entry.ciphertext))
    return key !== undefined && equalBytes(keyCommitment(entry.record, envelopeSalt(bytesOf(at)), key), entry.keyCommitment)
  })
  const to = { chainId, owner: did, keyId: signer.keyId, agreementKey: signer.agreementKey }
  const sealed = await sealKeys(to, having.map((entry) => ({ ...entry, key: keys.get(toHex(entry.ciphertext)) as Uint8Array })), (n) => random.bytes(n))
  if (having.length > 0) await ask('copies', { copies: having.map(({ ciphertext }, at) => ({ ciphertext, bytes: sealed[at] as Uint8Array })) })
  return having.length
}

export async function rotate(acting: Acting, random: SeededRandom, patient: PatientActor): Promise<void> {
  const { signer } = patient
  const { keyId, publicKey: signingKey, agreementKey } = patient.newKeys()
  await acting.sign(random, signer, { type: 'identity.rotateKey', salt: random.bytes(16), did: patient.did, keyId, signingKey, agreementKey })
}

function proven({ genesis }: World, list: unknown): readonly RecordEntry[] {
  const trust = { chainId: genesis.chainId, genesisHash: genesisHash(genesis), signers: [{ did: genesis.blockSigner.did, publicKey: genesis.blockSigner.signingKey }] }
  const receipt = verifyReceipt(parseReceipt(list), trust)
  return receipt.kind === 'list' ? receipt.entries.map(decodeRecordEntry) : []
}

async function openKept(world: World, patient: PatientActor, entries: readonly RecordEntry[], kept: ReadonlyMap<string, Uint8Array>): Promise<Map<string, Uint8Array>> {
  const open = await openerOf(world, patient)
  const keys = new Map<string, Uint8Array>()
  for (const entry of entries) {
    const copy = kept.get(toHex(entry.ciphertext))
    const key = copy === undefined ? undefined : await open.open(entry, copy).catch(ignoreVault)
    if (key !== undefined) keys.set(toHex(entry.ciphertext), key)
  }
  return keys
}

async function openerOf({ genesis, checker }: World, patient: PatientActor): Promise<CopyOpener> {
  const pairs = new Map<string, KemKeyPair>()
  const newest = checker.model().keys.get(patient.did)?.number ?? 1
  for (let number = 2; number <= newest; number++) {
    const key = patient.key(`k${number}`)
    if (key !== undefined) pairs.set(key.keyId, await agreementPairOf(key))
  }
  return new CopyOpener({ chainId: genesis.chainId, owner: patient.did }, (keyId) => pairs.get(keyId))
}

function ignoreVault(error: unknown): undefined {
  if (error instanceof VaultError) return undefined
  throw error
}

/** After everything: what wallets have opens, is theirs alone, and is all that was promised; custodians have no key of theirs. */
export async function checkCopies(world: World): Promise<void> {
  const { checker, disks, patients, genesis } = world
  const model = checker.model()
  const versions = new Map([...model.records.values()].flat().map((version) => [version.ciphertext, version]))
  for (const patient of patients) {
    const { did, id } = patient
    const claimedMs = model.claimed.get(did)
    if (claimedMs !== undefined) for (const wallets of disks.wallets.values()) if ((await wallets.patientIds()).includes(id)) checker.fail('P1', 'a custodian still has the key of a patient who has claimed')
    const open = await openerOf(world, patient)
    const copied = new Set<string>()
    for (const { ciphertext, bytes } of await disks.copies.list(did)) {
      const version = versions.get(toHex(ciphertext))
      if (version === undefined) continue
      copied.add(version.ciphertext)
      if (version.subjects.length > 1) checker.fail('P1', 'a wallet has a key of what is about others as well')
      try {
        const entry = { record: fromHex(version.record) as RecordEntry['record'], version: version.version, ciphertext }
        const key = await open.open(entry, bytes)
        const { resource } = await openEnvelope(await disks.blobs.get(ciphertext) as Uint8Array, key, { chainId: genesis.chainId, ...entry, author: version.author, subjects: version.subjects.map((subject) => fromHex(subject) as Handle) })
        const text = textOfResource(JSON.parse(new TextDecoder().decode(resource)) as Resource)
        if (world.texts.get(`${version.record}/${version.version}`)?.has(text) !== true && text !== undefined) checker.fail('P4', 'a wallet reads otherwise than it was written')
      } catch (error) {
        checker.fail('P4', `a wallet cannot read with its copy: ${textOf(error)}`)
      }
    }
    if (claimedMs === undefined) continue
    for (const { record, version, height } of world.acknowledged) {
      const entry = model.records.get(record)?.find((each) => each.version === version)
      if (entry === undefined || entry.subjects.length > 1 || entry.subjects[0] !== toHex(patient.handle) || checker.timeOf(height) <= claimedMs) continue
      if (!copied.has(entry.ciphertext)) checker.fail('P4', 'a write after the claim was acknowledged without a copy for the wallet')
    }
  }
}
