import { encode } from '@ipld/dag-cbor'
import { hkdfSync } from 'node:crypto'
import type { Plain, VectorFile } from './plain.ts'
import { base32, didOf, hex, publicKeyOf, sampleBytes, signWith } from './protocol-reference.ts'

type Case = { readonly [key: string]: Plain }

const CHECK = '0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U'
const ascii = (text: string): Buffer => Buffer.from(text, 'ascii')
const didOfBytes = (bytes: Uint8Array): string => `did:chiron:${base32(bytes)}`

/** As the text of SPEC-CLAIM-1 says, digit by digit instead of with large numbers. */
function codeOf(did: Uint8Array, secret: Uint8Array): string {
  const bits = `00${[...did, ...secret].map((byte) => byte.toString(2).padStart(8, '0')).join('')}`
  let remainder = 0
  for (const bit of bits) remainder = (remainder * 2 + Number(bit)) % 37
  const symbols = (bits.match(/.{5}/g) ?? []).map((group) => CHECK[Number.parseInt(group, 2)])
  const text = `${symbols.join('')}${CHECK[remainder]}`
  return (text.match(/.{1,5}/g) ?? []).join('-')
}

/** Claim codes, the keys derived from them, and what is signed with those. */
export function claimVectors(): VectorFile {
  const samples = ['one', 'two', 'three'].map((label) => ({ did: sampleBytes(`claim did ${label}`, 20), secret: sampleBytes(`claim secret ${label}`, 16) }))
  const edges = [{ did: new Uint8Array(20), secret: new Uint8Array(16) }, { did: new Uint8Array(20).fill(255), secret: new Uint8Array(16).fill(255) }]
  const codes = [...samples, ...edges].map(({ did, secret }, i): Case => ({
    name: `code ${i + 1}`, requirement: 'SPEC-CLAIM-1', did: didOfBytes(did), secret: hex(secret), claimCode: codeOf(did, secret),
  }))
  const [first = ''] = codes.map(({ claimCode }) => String(claimCode))
  const refused = [
    ['a symbol changed', first.replace(/^./, (symbol) => (symbol === '2' ? '3' : '2'))], ['two neighbours exchanged', exchanged(first)], ['too short', first.slice(0, -1)],
    ['too long', `${first}0`], ['a check symbol inside', `*${first.slice(1)}`], ['nothing', ''],
  ].map(([name, text]): Case => ({ name: `no code: ${name}`, requirement: 'SPEC-CLAIM-1', text: text as string, code: 'ERR_PROTOCOL_CLAIM_CODE' }))
  const keys = samples.flatMap(({ did, secret }, i) =>
    ['chiron-test-1', 'chiron-test-2'].map((chainId): Case => {
      const seed = seedOf(secret, chainId, didOfBytes(did))
      return { name: `claim key ${i + 1} on ${chainId}`, requirement: 'SPEC-CLAIM-2', chainId, did: didOfBytes(did), secret: hex(secret), seed: hex(seed), publicKey: hex(publicKeyOf(seed)) }
    }),
  )
  return {
    requirements: ['SPEC-CLAIM-1', 'SPEC-CLAIM-2', 'SPEC-CLAIM-3'],
    about: 'A claim code holds a DID and 16 secret bytes; the claim key follows from it; it and the new key sign who takes over (bytes in hex). A case with `text` is refused with `code`.',
    cases: [...codes, ...refused, ...keys, statementCase()],
  }
}

function statementCase(): Case {
  const chainId = 'chiron-test-1'
  const did = didOf('patient', publicKeyOf(sampleBytes('claim patient', 32)), sampleBytes('claim inception', 16))
  const claimSeed = seedOf(sampleBytes('claim secret one', 16), chainId, did)
  const walletSeed = sampleBytes('claim wallet', 32)
  const statement = { chainId, did, claimKey: publicKeyOf(claimSeed), signingKey: publicKeyOf(walletSeed), agreementKey: sampleBytes('claim agreement', 32) }
  const message = Buffer.concat([ascii('chiron/claim/v1\0'), encode(statement)])
  const possession = Buffer.concat([ascii('chiron/claim-possession/v1\0'), encode(statement)])
  const { claimKey, signingKey, agreementKey } = statement
  return {
    name: 'a claim', requirement: 'SPEC-CLAIM-3', chainId, did, claimKey: hex(claimKey), signingKey: hex(signingKey), agreementKey: hex(agreementKey),
    message: hex(message), claimSignature: hex(signWith(claimSeed, message)), possessionMessage: hex(possession), possession: hex(signWith(walletSeed, possession)),
  }
}

function seedOf(secret: Uint8Array, chainId: string, did: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, ascii('chiron/claim-key/v1'), encode({ chainId, did }), 32))
}

/** The first two neighbours that differ, in the wrong order. */
function exchanged(code: string): string {
  const at = [...code].findIndex((symbol, i) => symbol !== '-' && code[i + 1] !== '-' && symbol !== code[i + 1])
  return `${code.slice(0, at)}${code[at + 1]}${code[at]}${code.slice(at + 2)}`
}
