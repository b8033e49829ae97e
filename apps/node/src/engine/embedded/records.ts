import * as v from 'valibot'
import { appState, concatBytes, decodeCanonical, encodeCanonical, schema, utf8, type AppState, type TxId } from '@chiron/protocol'
import type { TxResult } from '@chiron/ledger'
import type { StateStore, StoreWrite } from '../../storage/state-store.ts'

/** What the engine keeps beside the state, written with each block's commit and rebuilt with it. */

const HEAD_KEY = utf8('head')

const engineHead = v.strictObject({
  genesisHash: schema.hash32,
  height: schema.uint,
  /** Hash of the newest header; 32 zero bytes at height 0. */
  headerHash: schema.hash32,
  app: appState,
})
/** Where the state stands. */
export interface EngineHead {
  readonly genesisHash: Uint8Array
  readonly height: number
  readonly headerHash: Uint8Array
  readonly app: AppState
}

export function readEngineHead(store: StateStore): EngineHead | undefined {
  const bytes = store.get('engine', HEAD_KEY)
  return bytes && decodeCanonical(engineHead, bytes)
}

export function engineHeadWrite(head: EngineHead): StoreWrite {
  return { space: 'engine', key: HEAD_KEY, value: encodeCanonical(head) }
}

const ledgerEvent = v.strictObject({
  type: v.string(),
  attributes: v.record(v.string(), v.union([v.string(), v.number(), v.instance(Uint8Array)])),
})
const blockResults = v.array(
  v.strictObject({
    txId: schema.hash32 as v.GenericSchema<unknown, TxId>,
    codespace: v.string(),
    code: schema.uint,
    logIndex: schema.uint,
    events: v.array(ledgerEvent),
    reason: v.exactOptional(v.string()),
  }),
)

/** Results of a block's transactions, in order. */
export function resultsWrite(height: number, results: readonly TxResult[]): StoreWrite {
  return { space: 'results', key: u64(height), value: encodeCanonical(results) }
}

export function readResults(store: StateStore, height: number): readonly TxResult[] | undefined {
  const bytes = store.get('results', u64(height))
  return bytes && decodeCanonical(blockResults, bytes)
}

export interface TxPlace {
  readonly height: number
  readonly index: number
}

/**
 * Where a transaction was committed. The key begins with `validUntil`, so that newer ones follow older ones closely and
 * a block's writes stay together: about 60 bytes a transaction, kept for good.
 */
export function placeWrite(tx: { readonly id: TxId; readonly body: { readonly validUntil: number } }, place: TxPlace): StoreWrite {
  return { space: 'txs', key: placeKey(tx), value: concatBytes(u64(place.height), u64(place.index).subarray(4)) }
}

export function readPlace(store: StateStore, tx: { readonly id: TxId; readonly body: { readonly validUntil: number } }): TxPlace | undefined {
  const bytes = store.get('txs', placeKey(tx))
  if (!bytes) return undefined
  const at = (offset: number, length: number): number => bytes.subarray(offset, offset + length).reduce((value, byte) => value * 256 + byte, 0)
  return { height: at(0, 8), index: at(8, 4) }
}

function placeKey(tx: { readonly id: TxId; readonly body: { readonly validUntil: number } }): Uint8Array {
  return concatBytes(u64(tx.body.validUntil), tx.id)
}

/** Most significant byte first. */
function u64(n: number): Uint8Array {
  const high = Math.floor(n / 0x1_0000_0000)
  return Uint8Array.of(high >>> 24, high >>> 16, high >>> 8, high, n >>> 24, n >>> 16, n >>> 8, n)
}
