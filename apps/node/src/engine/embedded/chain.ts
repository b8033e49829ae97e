import { appHash, decodeCanonical, decodeHeader, decodeSignedHeader, decodeTx, encodeCanonical, encodeHeader, equalBytes, headerHash, headerSigningBytes, sha256, signedBlock, txRootOf, type AppState, type BlockHeader, type DecodedTx, type Did, type Genesis, type SignedBlock, type SignedHeader } from '@chiron/protocol'
import type { BlockOutput } from '@chiron/ledger'
import { EngineError } from '../errors.ts'
import type { BlockSigner } from '../ports.ts'

/** The end of a chain, to which the next block is linked. */
export interface Link {
  readonly chainId: string
  readonly height: number
  readonly timeMs: number
  /** 32 zero bytes before the first block. */
  readonly headerHash: Uint8Array
}

/** A block taken apart. */
export interface ReadBlock {
  readonly block: SignedBlock
  readonly header: BlockHeader
}

export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

export function genesisHash(genesis: Genesis): Uint8Array {
  return sha256(encodeCanonical(genesis))
}

export function genesisLink({ chainId, timeMs }: Genesis): Link {
  return { chainId, height: 0, timeMs, headerHash: new Uint8Array(32) }
}

export function linkOf({ block, header }: ReadBlock): Link {
  return { chainId: header.chainId, height: header.height, timeMs: header.timeMs, headerHash: headerHash(block.header) }
}

/** Decodes a block strictly. @throws EngineError `ERR_ENGINE_CHAIN` */
export function readBlock(bytes: Uint8Array, height: number): ReadBlock {
  try {
    const block = decodeCanonical(signedBlock, bytes)
    return { block, header: decodeHeader(block.header) }
  } catch (cause) {
    throw broken(height, 'cannot be decoded', cause)
  }
}

/** As {@link readBlock}, without the transactions: for who follows the chain and does not execute it. @throws EngineError `ERR_ENGINE_CHAIN` */
export function readHeader(bytes: Uint8Array, height: number): ReadBlock {
  try {
    const signed = decodeSignedHeader(bytes)
    return { block: { ...signed, txs: [] }, header: decodeHeader(signed.header) }
  } catch (cause) {
    throw broken(height, 'cannot be decoded', cause)
  }
}

/** Whether a block follows the one before. @throws EngineError `ERR_ENGINE_CHAIN` */
export function verifyLink(previous: Link, { header }: ReadBlock): void {
  const height = previous.height + 1
  if (header.chainId !== previous.chainId) throw broken(height, 'is of another chain')
  if (header.height !== height) throw broken(height, 'has another height')
  if (!equalBytes(header.previous, previous.headerHash)) throw broken(height, 'does not follow from the one before')
  if (header.timeMs <= previous.timeMs) throw broken(height, 'is not later than the one before')
}

/** Whether the network's block signer signed. @throws EngineError `ERR_ENGINE_CHAIN` */
export function verifySigner(signed: SignedHeader, height: number, signer: { readonly did: Did; readonly signingKey: Uint8Array }, verify: VerifySignature): void {
  if (signed.signer !== signer.did || !verify(signer.signingKey, headerSigningBytes(signed.header), signed.signature)) {
    throw broken(height, "is not signed by the network's block signer")
  }
}

/** A block's transactions, if they are those that its header commits to. @throws EngineError `ERR_ENGINE_CHAIN` */
export function readTxs({ block, header }: ReadBlock): DecodedTx[] {
  let txs: DecodedTx[]
  try {
    txs = block.txs.map((bytes) => decodeTx(bytes))
  } catch (cause) {
    throw broken(header.height, 'has a transaction that cannot be decoded', cause)
  }
  if (!equalBytes(txRootOf(txs.map(({ id }) => id)), header.txRoot)) throw broken(header.height, 'has other transactions than its header')
  return txs
}

/** Whether executing the block gave what its header says. @throws EngineError `ERR_ENGINE_STATE` */
export function verifyOutput(header: BlockHeader, { app }: Pick<BlockOutput, 'app'>): void {
  if (equalBytes(appHash(app), header.appHash)) return
  throw new EngineError('ERR_ENGINE_STATE', `executing block ${header.height} gives another state than it says: this program differs from the one that wrote it, or the state was changed; start with the version that wrote it, or move ledger/state away to have it built again`, { context: { height: header.height } })
}

/** The next block, signed. */
export function sealBlock(previous: Link, timeMs: number, txs: readonly { readonly tx: DecodedTx; readonly bytes: Uint8Array<ArrayBuffer> }[], app: AppState, signer: BlockSigner): ReadBlock {
  const header: BlockHeader = {
    chainId: previous.chainId,
    height: previous.height + 1,
    timeMs,
    previous: previous.headerHash,
    txRoot: txRootOf(txs.map(({ tx }) => tx.id)),
    appHash: appHash(app),
  }
  const bytes = encodeHeader(header).slice()
  return { header, block: { header: bytes, signer: signer.did, signature: signer.sign(headerSigningBytes(bytes)), txs: txs.map((tx) => tx.bytes) } }
}

export function signedHeaderOf({ header, signer, signature }: SignedBlock): SignedHeader {
  return { header, signer, signature }
}

function broken(height: number, what: string, cause?: unknown): EngineError {
  return new EngineError('ERR_ENGINE_CHAIN', `block ${height} ${what}: restore the block log from a backup`, { context: { height }, cause })
}
