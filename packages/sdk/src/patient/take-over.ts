import {
  claimBytes, claimKeySeed, claimPossessionBytes, ed25519PublicKey, encodeCanonical, parseClaimCode, schema, signEd25519, type ClaimCode,
} from '@chiron/protocol'
import type { Trust } from '@chiron/ledger/proofs'
import * as v from 'valibot'
import { identity } from '../contracts/index.ts'
import { SdkError } from '../errors.ts'
import { platformClock, platformFetch, platformRandom } from '../ports.ts'
import { verifyTxReceipt } from '../receipts/receipts.ts'
import { TxBuilder } from '../transactions/tx-builder.ts'
import { createSeedSigner } from '../wallet/signer.ts'
import { heldIdentity, verifyHeldIdentity } from './held-identity.ts'
import { agreementKeyOf, PatientWallet, walletOf, type PendingKeys } from './patient-wallet.ts'
import { WalletTransport, type WalletPorts } from './wallet-transport.ts'

/** Keeps a wallet, durably, before anything rests on it. What it gets must be sealed before it reaches a disk. */
export type KeepWallet = (wallet: PatientWallet) => Promise<void>

const claimed = v.object({ keyId: schema.keyId, proof: heldIdentity })

export interface ClaimOptions {
  /** Such as `http://localhost:8080/riverside`: any member's node will do. */
  readonly base: string
  readonly trust: Trust
  /** As it stands on the paper. */
  readonly code: string
  /** A wallet that was kept in an earlier try; its keys are used again. */
  readonly wallet?: PatientWallet | undefined
}

/** Reads a code. @throws SdkError `ERR_SDK_CLAIM_CODE`, whose message says what is wrong with it */
export function readClaimCode(code: string): ClaimCode {
  try {
    return parseClaimCode(code)
  } catch (cause) {
    throw new SdkError('ERR_SDK_CLAIM_CODE', cause instanceof Error ? cause.message : 'not a claim code', { cause })
  }
}

/**
 * Takes over the identity that a claim code is for: makes keys, keeps them, has a member relay the claim, and checks the
 * ledger's proof that they are the identity's now. May be repeated after any failure with what was kept.
 * @throws SdkError `ERR_SDK_CLAIM_CODE`; `ERR_SDK_WALLET` for a wallet of another identity; `ERR_SDK_FORBIDDEN` when the
 * code is used, replaced or over; ProofError
 */
export async function claimIdentity(options: ClaimOptions, keep: KeepWallet, ports: Partial<WalletPorts> = {}): Promise<PatientWallet> {
  const all = portsOf(ports)
  const code = readClaimCode(options.code)
  const { chainId } = options.trust
  const known = options.wallet
  if (known !== undefined && (known.did !== code.did || known.chainId !== chainId)) throw new SdkError('ERR_SDK_WALLET', 'this wallet is for another identity: use another file')
  if (known?.isClaimed === true) return known
  const wallet = known ?? PatientWallet.forClaim(chainId, code.did, code.secret, all.random)
  await keep(wallet)
  const pending = wallet.pending as PendingKeys
  const transport = new WalletTransport({ base: options.base, wallet: () => wallet.signing }, all)
  const answer = await transport.postBytes('/chiron/claim', await claimBody(code, chainId, pending), claimed, { session: false })
  verifyHeldIdentity(answer.proof, options.trust, { did: wallet.did, keyId: answer.keyId, signingKey: createSeedSigner(pending.signing).publicKey, agreementKey: agreementKeyOf(pending) })
  const done = wallet.promoted(answer.keyId)
  await keep(done)
  return done
}

/**
 * Gives the identity new keys. After a failure, with what was kept: finds out whether the ledger took the keys that are
 * pending, and goes on from there. Copies are sealed anew by `PatientClient.sealCopies`.
 * @throws SdkError, ProofError
 */
export async function rotateKeys(options: { readonly base: string; readonly trust: Trust; readonly wallet: PatientWallet }, keep: KeepWallet, ports: Partial<WalletPorts> = {}): Promise<PatientWallet> {
  const all = portsOf(ports)
  const before = options.wallet
  const keyId = nextKeyId(before.current.keyId)
  const wallet = before.pending === undefined ? before.withPending(all.random) : before
  const pending = wallet.pending as PendingKeys
  const done = wallet.promoted(keyId)
  const transport = new WalletTransport({ base: options.base, wallet: () => wallet.signing }, all)
  if (before.pending === undefined || !(await isTaken(transport, done))) {
    await keep(wallet)
    const { publicKey: signingKey } = createSeedSigner(pending.signing)
    const draft = identity.rotateKey({ did: wallet.did, keyId, signingKey, agreementKey: agreementKeyOf(pending) })
    const tx = await new TxBuilder({ chainId: wallet.chainId, wallet: wallet.signing }, all).add(draft).sign()
    verifyTxReceipt((await transport.ledger.submitUntilExpired(tx)).receipt, options.trust, tx.id)
  }
  await keep(done)
  return done
}

async function isTaken(transport: WalletTransport, rotated: PatientWallet): Promise<boolean> {
  try {
    await transport.openSession(walletOf(rotated.did, rotated.current))
    return true
  } catch (error) {
    if (error instanceof SdkError && error.code === 'ERR_SDK_UNAUTHORIZED') return false
    throw error
  }
}

async function claimBody(code: ClaimCode, chainId: string, pending: PendingKeys): Promise<Uint8Array> {
  const seed = claimKeySeed(code, chainId)
  const signer = createSeedSigner(pending.signing)
  const keys = { did: code.did, claimKey: ed25519PublicKey(seed), signingKey: signer.publicKey, agreementKey: agreementKeyOf(pending) }
  const statement = { chainId, ...keys }
  return encodeCanonical({ ...keys, claimSignature: signEd25519(seed, claimBytes(statement)), possession: await signer.sign(claimPossessionBytes(statement)) })
}

function nextKeyId(keyId: string): string {
  return `k${Number(keyId.slice(1)) + 1}`
}

export function portsOf(ports: Partial<WalletPorts>): WalletPorts {
  return { fetch: ports.fetch ?? platformFetch, clock: ports.clock ?? platformClock, random: ports.random ?? platformRandom }
}
