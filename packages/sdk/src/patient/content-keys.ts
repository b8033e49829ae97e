import { derivedId, equalBytes, fromHex, keyCommitment, schema, toHex, type ObjectId } from '@chiron/protocol'
import { fromBase64url } from '@chiron/ledger/proofs'
import {
  CopyOpener, envelopeSalt, importX25519KeyPair, openReleases, signReleaseRequest, VaultError, type KemKeyPair,
} from '@chiron/vault'
import * as v from 'valibot'
import { access } from '../contracts/index.ts'
import { TxBuilder } from '../transactions/tx-builder.ts'
import type { Chart, ChartEntry } from './chart.ts'
import { copyOf } from './chart.ts'
import { agreementKeyOf, type PatientWallet } from './patient-wallet.ts'
import type { WalletPorts, WalletTransport } from './wallet-transport.ts'

/** HL7 PurposeOfUse: the patient asks for their own. */
const PURPOSE = 'PATRQT'
const RELEASE_BATCH = 1000
const REQUEST_LIFETIME_MS = 60_000

const accesses = v.array(v.object({ access: v.string(), handle: v.string(), purpose: v.string(), untilMs: schema.timeMs }))
const released = v.object({ responses: v.array(v.object({ keyholder: schema.did, response: v.string() })) })

/** Content keys by the envelope's hash in hexadecimal. */
export type ContentKeys = Map<string, Uint8Array>

/** Whether the key is the one that the ledger's entry commits to. `envelope`: as its hash was checked. */
export function isCommitted({ entry }: ChartEntry, envelope: Uint8Array, key: Uint8Array): boolean {
  return equalBytes(keyCommitment(entry.record, envelopeSalt(envelope), key), entry.keyCommitment)
}

/** Keys out of the wallet's copies, also those under earlier keys; what does not open is left out. */
export async function openCopies(wallet: PatientWallet, chart: Chart, entries: readonly ChartEntry[]): Promise<ContentKeys> {
  const pairs = new Map<string, KemKeyPair>()
  for (const key of wallet.keys) pairs.set(key.keyId, await importX25519KeyPair(key.agreement.reveal()))
  const opener = new CopyOpener({ chainId: wallet.chainId, owner: wallet.did }, (keyId) => pairs.get(keyId))
  const keys: ContentKeys = new Map()
  for (const each of entries) {
    const name = toHex(each.entry.ciphertext)
    const copy = chart.copies.get(name)
    const key = copy === undefined ? undefined : await opener.open(copyOf(each), copy).catch(ignoreUnopened)
    if (key !== undefined) keys.set(name, key)
  }
  return keys
}

/**
 * Keys from the keyholders, under accesses that the wallet opens in its own name and closes afterwards; both stand in the
 * patient's list. What keyholders refuse is left out: records about others as well need their consent.
 * @throws SdkError
 */
export async function releaseKeys(
  { wallet, transport, chart, envelopes }: { wallet: PatientWallet; transport: WalletTransport; chart: Chart; envelopes: ReadonlyMap<string, Uint8Array> },
  entries: readonly ChartEntry[],
  ports: WalletPorts,
): Promise<ContentKeys> {
  const keys: ContentKeys = new Map()
  for (const handle of new Set(entries.map((each) => toHex(each.handle)))) {
    const mine = entries.filter((each) => toHex(each.handle) === handle)
    const id = await openAccess(wallet, transport, handle, ports)
    for (let at = 0; at < mine.length; at += RELEASE_BATCH) {
      const batch = mine.slice(at, at + RELEASE_BATCH)
      await releaseBatch({ wallet, transport, chart, envelopes }, id, batch, keys, ports)
    }
    const close = access.close({ patient: fromHex(handle) as ChartEntry['handle'], access: id })
    await transport.ledger.submitUntilExpired(await new TxBuilder({ chainId: wallet.chainId, wallet: wallet.signing }, ports).add(close).sign())
  }
  return keys
}

async function releaseBatch(
  { wallet, transport, chart, envelopes }: { wallet: PatientWallet; transport: WalletTransport; chart: Chart; envelopes: ReadonlyMap<string, Uint8Array> },
  id: ObjectId,
  batch: readonly ChartEntry[],
  keys: ContentKeys,
  ports: WalletPorts,
): Promise<void> {
  const { signing, current } = wallet
  const { blockTimeMs } = await transport.ledger.network()
  const request = await signReleaseRequest(
    {
      v: 1,
      chainId: wallet.chainId,
      access: id,
      reader: wallet.did,
      gateway: wallet.did,
      records: batch.map(({ entry }) => [entry.record, entry.version]),
      recipient: { suite: 'x25519', key: agreementKeyOf(current) },
      nonce: ports.random.bytes(16),
      validUntil: blockTimeMs + REQUEST_LIFETIME_MS,
    },
    (message) => signing.signer.sign(message),
  )
  const { responses } = await transport.postBytes('/chiron/release', request.bytes, released, { session: true })
  const opened = await openReleases({
    request: request.hash,
    recipient: await importX25519KeyPair(current.agreement.reveal()),
    records: batch.map(({ entry }) => ({
      record: entry.record, version: entry.version, set: entry.custodySet, keyCommitment: entry.keyCommitment, shareRoot: entry.shareRoot,
      salt: envelopeSalt(envelopes.get(toHex(entry.ciphertext)) as Uint8Array),
    })),
    responses: responses.map(({ keyholder, response }) => ({ keyholder, bytes: fromBase64url(response) ?? new Uint8Array() })),
    set: (number) => chart.custodySets.get(number),
  })
  for (const [position, answer] of opened.keys.entries()) {
    if ('key' in answer) keys.set(toHex((batch[position] as ChartEntry).entry.ciphertext), answer.key)
  }
}

async function openAccess(wallet: PatientWallet, transport: WalletTransport, handle: string, ports: WalletPorts): Promise<ObjectId> {
  const open = (await transport.get('/chiron/accesses', accesses)).find((found) => found.handle === handle && found.purpose === PURPOSE)
  if (open !== undefined) return fromHex(open.access) as ObjectId
  const draft = access.open({ openings: [{ patient: fromHex(handle) as ChartEntry['handle'], reader: wallet.did, purpose: PURPOSE, action: 'read' }] })
  const tx = await new TxBuilder({ chainId: wallet.chainId, wallet: wallet.signing }, ports).add(draft).sign()
  await transport.ledger.submitUntilExpired(tx)
  return derivedId(tx.id, 0, 0)
}

function ignoreUnopened(error: unknown): undefined {
  if (error instanceof VaultError) return undefined
  throw error
}
