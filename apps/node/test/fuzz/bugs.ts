import type { PlantedChange } from '../simulation/bugs.ts'

/** A mistake that somebody might make in a decoder, to be found by fuzzing one target. */
export interface PlantedBug {
  readonly name: string
  readonly target: string
  readonly what: string
  readonly changes: readonly PlantedChange[]
}

const bug = (name: string, target: string, what: string, file: string, find: string, replace: string): PlantedBug => ({ name, target, what, changes: [{ file, find, replace }] })

const PROTOCOL = 'packages/protocol/src/'
const VAULT = 'packages/vault/src/'
const PROOFS = 'packages/ledger/src/proofs/tlog/'

export const BUGS: readonly PlantedBug[] = [
  bug('cbor/long-head', 'protocol/cbor', 'a number of eight bytes that needs four is taken', `${PROTOCOL}cbor/read.ts`, 'const high = this.#shortest(this.#uint32(), 1)', 'const high = this.#uint32()'),
  bug('cbor/repeated-key', 'protocol/cbor', 'a key may come twice', `${PROTOCOL}cbor/read.ts`, 'if (compareKeys(last, key) >= 0)', 'if (compareKeys(last, key) > 0)'),
  bug('cbor/depth', 'protocol/cbor', 'maps may be nested for ever', `${PROTOCOL}cbor/read.ts`, "#map(length: number, depth: number): { [key: string]: CborValue } {\n    if (depth > MAX_DEPTH)", "#map(length: number, depth: number): { [key: string]: CborValue } {\n    if (depth > MAX_DEPTH * 1000)"),
  bug('block/left-over', 'protocol/block', 'what follows a block is not looked at when only its header is read', `${PROTOCOL}block.ts`, '  reader.end()\n  return checkSchema(signedHeader', '  return checkSchema(signedHeader'),
  bug('claim-code/newer', 'protocol/claim-code', 'the bits of a claim code that are not used yet are dropped', `${PROTOCOL}claims.ts`, "if (number !== 0n) throw wrong('the code is of a newer kind: update the wallet')", ''),
  bug('envelope/padding', 'vault/frame', 'a frame may have any length that is long enough', `${VAULT}envelope/frame.ts`, 'if (streamEnd > frame.length || paddedLength(streamEnd) !== frame.length) throw invalid()', 'if (streamEnd > frame.length) throw invalid()'),
  bug('proofs/tile', 'proofs/small-forms', 'a tile has several addresses', `${PROOFS}tiles.ts`, 'return isPlace && formatTilePath(place) === path ? place : undefined', 'return isPlace ? place : undefined'),
  bug('fhir/bundle-resource', 'fhir/bundle', 'an entry without a request is read all the same', 'packages/fhir/src/bundles/parse.ts', 'if (!isObject(request)) throw invalid(`${at}.request`)', ''),
  bug('access/class', 'proofs/entries', 'an entry of an unknown kind is refused with an error that is not declared', 'packages/ledger/src/contracts/access/entry-codec.ts', "if (found === undefined) throw new ProtocolError('ERR_PROTOCOL_SCHEMA', 'an access entry of unknown kind')", "if (found === undefined) throw new TypeError('an access entry of unknown kind')"),
]
