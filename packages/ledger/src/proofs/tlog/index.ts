export { formatCheckpoint, logKeyOf, logOrigin, parseCheckpoint, parseDecimal, signCheckpoint, type Checkpoint } from './checkpoint.ts'
export { cosign, cosignatureMessage, verifyCosignature } from './cosignature.ts'
export { fromBase64, toBase64 } from './base64.ts'
export {
  formatNote, formatSignature, formatVerifierKey, MAX_NOTE_BYTES, noteKey, parseNote, parseSignatures, parseVerifierKey, signaturesOf, SignatureType,
  type Note, type NoteKey, type NoteSignature,
} from './note.ts'
export { formatTilePath, hasTile, parseEntryBundle, parseTilePath, readTile, TILE_WIDTH, type TilePlace } from './tiles.ts'
export { buildTlogProof, formatTlogProof, parseTlogProof, TLOG_PROOF, verifyTlogProof, type ProvenLeaf, type TlogProof } from './tlog-proof.ts'
export { verifyCheckpoint, type ProvenCheckpoint, type Witnessed } from './verify-checkpoint.ts'
