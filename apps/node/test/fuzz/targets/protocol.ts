import {
  checkSchema, decodeCanonical, didBytes, formatDid, decodeHeader, decodeSignedHeader, decodeTx, encodeCanonical, encodeHeader, encodeTx, formatClaimCode, formatTxCid, fromHex, isDid, message,
  parseClaimCode, parseDid, parseTxCid, ProtocolError, signedBlock, signedTx, signedWalletSession, txBody, walletClaim, walletCopies, walletEnvelopes, walletSession,
} from '@chiron/protocol'
import type { Target } from '@chiron/testkit/fuzz'
import * as v from 'valibot'
import { attempt, must, mustEqual } from '../outcome.ts'
import { textBytes, textOf, vectorBytes, vectorTexts } from '../vectors.ts'

const CBOR = ['packages/protocol/src/cbor/', 'packages/protocol/src/encoding.ts', 'packages/protocol/src/schema.ts']
const transactions = [...vectorBytes('tx-signed', 'tx'), ...vectorBytes('tx-refused', 'tx').filter(({ length }) => length < 4000)]
const bodies = vectorBytes('tx-signed', 'bodyHex')
const headers = vectorBytes('block-derived', 'bytes')
const untyped = v.unknown()
const signer = decodeCanonical(txBody, bodies[0] as Uint8Array).signer

function exactly<T>(schema: v.GenericSchema<unknown, T>, input: Uint8Array): string {
  const decoded = attempt(() => decodeCanonical(schema, input), ProtocolError)
  if ('refused' in decoded) return decoded.refused
  mustEqual(encodeCanonical(decoded.value), input, 'what was accepted is encoded otherwise')
  return 'accepted'
}

/** Headers of blocks as they travel: signed, and with transactions. */
function blocks(): Uint8Array[] {
  return headers.flatMap((header) => [0, 1, 3].map((count) => (
    encodeCanonical({ header, signer, signature: new Uint8Array(64).fill(7), txs: transactions.slice(0, count) })
  )))
}

export const protocolTargets: readonly Target[] = [
  {
    name: 'protocol/cbor', form: 'cbor', modules: CBOR,
    seeds: [...vectorBytes('encoding-canonical', 'hex'), ...vectorBytes('encoding-refused', 'hex').filter(({ length }) => length < 2000), ...bodies],
    run: (input) => {
      const decoded = attempt(() => decodeCanonical(untyped, input), ProtocolError)
      if ('refused' in decoded) return decoded.refused
      mustEqual(encodeCanonical(decoded.value), input, 'what was read is written otherwise')
      return 'accepted'
    },
  },
  {
    name: 'protocol/tx', form: 'cbor', modules: [...CBOR, 'packages/protocol/src/tx.ts', 'packages/protocol/src/messages/', 'packages/protocol/src/ids.ts'], seeds: transactions,
    run: (input) => {
      const decoded = attempt(() => decodeTx(input), ProtocolError)
      if ('refused' in decoded) return decoded.refused
      const { body, bodyBytes, signature, id } = decoded.value
      mustEqual(encodeCanonical(body), bodyBytes, 'a body is encoded otherwise')
      mustEqual(encodeTx(bodyBytes, signature), input, 'a transaction is encoded otherwise')
      checkSchema(txBody, body)
      checkSchema(signedTx, { body: bodyBytes, signature })
      must(bodyBytes.buffer !== input.buffer && id.length === 32, 'the body is the input itself')
      return 'accepted'
    },
  },
  {
    name: 'protocol/message', form: 'cbor', modules: [...CBOR, 'packages/protocol/src/messages/', 'packages/protocol/src/ids.ts'],
    seeds: bodies.flatMap((body) => decodeCanonical(txBody, body).messages.map((each) => encodeCanonical(each))),
    run: (input) => exactly(message, input),
  },
  {
    name: 'protocol/block', form: 'cbor', modules: [...CBOR, 'packages/protocol/src/block.ts'], seeds: blocks(),
    run: (input) => {
      const quick = attempt(() => decodeSignedHeader(input), ProtocolError)
      const whole = attempt(() => decodeCanonical(signedBlock, input), ProtocolError)
      must('refused' in quick === 'refused' in whole, 'the header alone is judged otherwise than the block')
      if ('refused' in quick || 'refused' in whole) return 'refused' in quick ? quick.refused : 'accepted'
      mustEqual(encodeCanonical(whole.value), input, 'a block is encoded otherwise')
      const { header, signer, signature } = quick.value
      mustEqual(encodeCanonical({ header: whole.value.header, signer: whole.value.signer, signature: whole.value.signature }), encodeCanonical({ header, signer, signature }), 'another header')
      const inner = attempt(() => decodeHeader(header), ProtocolError)
      if ('refused' in inner) return `header ${inner.refused}`
      mustEqual(encodeHeader(inner.value), header, 'a header is encoded otherwise')
      return 'accepted'
    },
  },
  {
    name: 'protocol/wallet-requests', form: 'cbor', modules: [...CBOR, 'packages/protocol/src/wallet-requests.ts', 'packages/protocol/src/messages/identity.ts'],
    seeds: [
      encodeCanonical({ ciphertexts: [new Uint8Array(32)] }), encodeCanonical({ copies: [{ ciphertext: new Uint8Array(32), bytes: new Uint8Array(9) }] }),
      encodeCanonical({ body: new Uint8Array(3), signature: new Uint8Array(64) }),
      encodeCanonical({ v: 1, chainId: 'vectors-1', did: signer, keyId: 'k2', gateway: signer, nonce: new Uint8Array(16), validUntil: 1_796_000_000_000 }),
      ...bodies.flatMap((body) => decodeCanonical(txBody, body).messages.filter(({ type }) => type === 'identity.claim').map(({ type: _type, salt: _salt, ...claim }) => encodeCanonical({ ...claim, claimKey: new Uint8Array(32) }))),
    ],
    run: (input) => [walletSession, signedWalletSession, walletClaim, walletEnvelopes, walletCopies].map((schema) => exactly(schema as v.GenericSchema<unknown, unknown>, input)).join(' '),
  },
  {
    name: 'protocol/claim-code', form: { separators: /([- ])/ }, modules: ['packages/protocol/src/claims.ts', 'packages/protocol/src/ids.ts'],
    seeds: [...vectorTexts('claims-derived', 'claimCode'), ...vectorTexts('claims-derived', 'text')], words: ['O', 'I', 'L', 'U', '*', '~', '$', '='],
    run: (input) => {
      const text = textOf(input)
      const parsed = attempt(() => parseClaimCode(text), ProtocolError)
      if ('refused' in parsed) return parsed.refused
      const again = parseClaimCode(formatClaimCode(parsed.value))
      must(again.did === parsed.value.did && isDid(again.did), 'a code of another identity')
      mustEqual(again.secret, parsed.value.secret, 'a code with another secret')
      const plain = text.replace(/[\s-]/g, '').toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1')
      mustEqual(formatClaimCode(parsed.value).replaceAll('-', ''), plain, 'two codes say the same')
      return 'accepted'
    },
  },
  {
    name: 'protocol/ids', form: 'bytes', modules: ['packages/protocol/src/ids.ts', 'packages/protocol/src/tx.ts', 'packages/protocol/src/bytes.ts'],
    seeds: [...vectorTexts('ids-derived', 'did'), ...vectorTexts('tx-signed', 'cid'), ...vectorTexts('ids-derived', 'text'), textBytes('00ff')],
    run: (input) => {
      const text = textOf(input)
      const cid = attempt(() => parseTxCid(text), ProtocolError)
      if ('value' in cid) mustEqual(formatTxCid(cid.value), text, 'another transaction id')
      const hex = attempt(() => fromHex(text), ProtocolError)
      if ('value' in hex) mustEqual(Buffer.from(hex.value).toString('hex'), text.toLowerCase(), 'other bytes')
      if (isDid(text)) mustEqual(formatDid(didBytes(text)), text, 'another identity')
      const key = attempt(() => didBytes(parseDid(text)), ProtocolError)
      must(('value' in key) === isDid(text), 'a DID is read that is none')
      return 'value' in cid ? 'accepted' : isDid(text) ? 'accepted a DID' : 'value' in hex ? 'hexadecimal' : 'refused'
    },
  },
]
