import { createHash, createPublicKey, verify as nativeVerify } from 'node:crypto'
import { encodeCanonical, fromHex, type Did, type Handle, type RecordId } from '@chiron/protocol'
import type { Target } from '@chiron/testkit/fuzz'
import {
  CopyOpener, decodeContent, decodeCopy, decodeReleaseRequest, deriveKemKeyPair, encodeContent, envelopeSalt, importX25519KeyPair, openEnvelope, openReleases, releaseRequestBytes, VaultError,
} from '@chiron/vault'
import { decodePackage, decodePackageBody, encodePackage, FakeLedger, packFrame, paddedLength, unpackFrame } from '@chiron/vault/testing'
import { attempt, attemptAsync, must, mustEqual } from '../outcome.ts'
import { vectorBytes, vectorValues } from '../vectors.ts'

const VAULT = 'packages/vault/src/'
const STRICT = ['packages/protocol/src/cbor/', `${VAULT}strict.ts`]
const MAX_PLAINTEXT = 1_000_000
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

const first = <T>(values: readonly T[]): T => values[0] as T
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64')
const hexOf = (file: string, name: string): Uint8Array => first(vectorBytes(file, name))

interface EnvelopeCase { readonly envelope: string; readonly key: string; readonly chainId: string; readonly record: string; readonly version: number; readonly author: Did; readonly subjects: readonly string[] }

const envelope: EnvelopeCase = {
  envelope: String(first(vectorValues('envelope-opened', 'envelope'))), key: String(first(vectorValues('envelope-opened', 'key'))), chainId: String(first(vectorValues('envelope-opened', 'chainId'))),
  record: String(first(vectorValues('envelope-opened', 'record'))), version: Number(first(vectorValues('envelope-opened', 'version'))), author: first(vectorValues('envelope-opened', 'author')) as Did,
  subjects: first(vectorValues('envelope-opened', 'subjects')) as string[],
}
const binding = { chainId: envelope.chainId, record: fromHex(envelope.record) as RecordId, version: envelope.version, author: envelope.author, subjects: envelope.subjects.map((subject) => fromHex(subject) as Handle) }
const sealed = new Set([...vectorBytes('envelope-opened', 'envelope'), ...vectorBytes('envelope-refused', 'envelope')].map(digest))
const contents = [...vectorBytes('envelope-opened', 'content'), encodeContent({ meta: { type: 'Patient', version: 3, draft: true, labels: ['hiv'] }, resource: new Uint8Array(600) })]

const requests = vectorBytes('release-messages', 'request')
const gatewayKey = createPublicKey({ key: Buffer.concat([SPKI, hexOf('release-messages', 'gatewayKey')]), format: 'der', type: 'spki' })
const responses = first(vectorValues('release-messages', 'responses')) as readonly { readonly keyholder: Did; readonly response: string }[]
const keyholders = first(vectorValues('release-messages', 'keyholders')) as readonly { readonly did: Did; readonly signingKey: string }[]
const recipient = await deriveKemKeyPair('x25519', hexOf('release-messages', 'recipientSecret'))
const wallet = await importX25519KeyPair(hexOf('copies-opened', 'secret'))
const releasedKey = hexOf('release-messages', 'key')

/** What the ledger says about the released record of the vectors. */
function releaseLedger(): FakeLedger {
  const ledger = new FakeLedger()
  const unused = { agreementKey: new Uint8Array(32), suite: 'x25519' as const, kemKey: new Uint8Array(32) }
  ledger.sets.set(1, { number: 1, threshold: 2, keyholders: keyholders.map(({ did, signingKey }) => ({ did, signingKey: fromHex(signingKey), ...unused })) })
  return ledger
}
const ledger = releaseLedger()
const asked = {
  request: hexOf('release-messages', 'requestHash'), recipient,
  records: [{
    record: hexOf('release-messages', 'record') as RecordId, version: Number(first(vectorValues('release-messages', 'version'))), set: 1, salt: hexOf('release-messages', 'salt'),
    keyCommitment: hexOf('release-messages', 'keyCommitment'), shareRoot: hexOf('release-messages', 'shareRoot'),
  }],
  set: (number: number) => ledger.custodySet(number),
}

/** A signature as this process has seen it: a fuzzer cannot make one, and verifying is what takes time. */
const genuine = new Set(responses.map(({ response }) => digest(fromHex(response))))

export const vaultTargets: readonly Target[] = [
  {
    name: 'vault/envelope', form: 'bytes', modules: [`${VAULT}envelope/`, `${VAULT}aead.ts`], seeds: [...vectorBytes('envelope-opened', 'envelope'), ...vectorBytes('envelope-refused', 'envelope')],
    run: async (input) => {
      const opened = await attemptAsync(() => openEnvelope(input, fromHex(envelope.key), binding, { maxPlaintextBytes: MAX_PLAINTEXT }), VaultError)
      const salt = attempt(() => envelopeSalt(input), VaultError)
      if ('refused' in opened) return `${opened.refused} ${'refused' in salt}`
      must(sealed.has(digest(input)), 'an envelope opens that nobody sealed')
      return 'accepted'
    },
  },
  {
    name: 'vault/frame', form: 'bytes', modules: [`${VAULT}envelope/frame.ts`, `${VAULT}envelope/content.ts`, ...STRICT], seeds: contents.map(packFrame), maxBytes: 16_384,
    run: (input) => {
      const plain = attempt(() => unpackFrame(input, MAX_PLAINTEXT), VaultError)
      if ('refused' in plain) return plain.refused
      must(plain.value.length <= MAX_PLAINTEXT && paddedLength(input.length) === input.length, 'a frame is longer than it may be')
      must(plain.value.length === new DataView(input.buffer, input.byteOffset).getUint32(0), 'a frame lies about its length')
      const content = attempt(() => decodeContent(plain.value), VaultError)
      return 'refused' in content ? `content ${content.refused}` : 'accepted'
    },
  },
  {
    name: 'vault/content', form: 'cbor', modules: [`${VAULT}envelope/content.ts`, ...STRICT], seeds: contents,
    run: (input) => {
      const content = attempt(() => decodeContent(input), VaultError)
      if ('refused' in content) return content.refused
      mustEqual(encodeContent(content.value), input, 'content is encoded otherwise')
      return 'accepted'
    },
  },
  {
    name: 'vault/custody-package', form: 'cbor', modules: [`${VAULT}custody/package.ts`, ...STRICT], seeds: [...vectorBytes('custody-packages', 'package'), ...vectorBytes('custody-packages', 'body')],
    run: (input) => {
      const body = attempt(() => decodePackageBody(input), VaultError)
      if ('value' in body) {
        mustEqual(encodeCanonical(body.value), input, 'the inside of a package is encoded otherwise')
        return 'accepted'
      }
      const opened = attempt(() => decodePackage(input), VaultError)
      if ('refused' in opened) return opened.refused
      const { header, headerBytes, sealed } = opened.value
      mustEqual(encodeCanonical(header), headerBytes, 'the header of a package is encoded otherwise')
      mustEqual(encodePackage(headerBytes, sealed), input, 'a package is encoded otherwise')
      return 'accepted'
    },
  },
  {
    name: 'vault/release-request', form: 'cbor', modules: [`${VAULT}release/request.ts`, `${VAULT}hpke/`, ...STRICT], seeds: requests,
    run: (input) => {
      const decoded = attempt(() => decodeReleaseRequest(input), VaultError)
      if ('refused' in decoded) return decoded.refused
      const { request, body, signature } = decoded.value
      mustEqual(encodeCanonical(request), body, 'a request is encoded otherwise')
      mustEqual(encodeCanonical({ body, signature }), input, 'a signed request is encoded otherwise')
      if (input.length === requests[0]?.length && nativeVerify(null, releaseRequestBytes(body), gatewayKey, signature)) mustEqual(input, requests[0], 'a changed request is signed')
      return 'accepted'
    },
  },
  {
    name: 'vault/release-response', form: 'cbor', modules: [`${VAULT}release/`, `${VAULT}custody/shares.ts`, `${VAULT}hpke/`, ...STRICT], seeds: responses.map(({ response }) => fromHex(response)),
    run: async (input) => {
      const outcomes = []
      for (const [at, { keyholder }] of responses.entries()) {
        const others = responses.filter((_, index) => index !== at).slice(0, 1).map(({ keyholder: did, response }) => ({ keyholder: did, bytes: fromHex(response) }))
        const opened = await openReleases({ ...asked, responses: [{ keyholder, bytes: input }, ...others] }, (_key, _message, signature) => signature[0] !== 0)
        const [answer] = opened.keys
        if (answer !== undefined && 'key' in answer) {
          mustEqual(answer.key, releasedKey, 'a key comes out that was not shared')
          must(genuine.has(digest(input)) || opened.faults.length === 0, 'a key of a changed response')
        }
        outcomes.push(answer !== undefined && 'error' in answer ? answer.error.code : 'accepted', ...opened.faults.map(({ code }) => code))
        if (at === 1) break
      }
      return outcomes.join(' ')
    },
  },
  {
    name: 'vault/wallet-copy', form: 'cbor', modules: [`${VAULT}copies/copy.ts`, `${VAULT}aead.ts`, ...STRICT], seeds: vectorBytes('copies-opened', 'copy'), maxMs: 200,
    run: async (input) => {
      const decoded = attempt(() => decodeCopy(input), VaultError)
      if ('refused' in decoded) return decoded.refused
      mustEqual(encodeCanonical(decoded.value), input, 'a copy is encoded otherwise')
      const owner = { chainId: String(first(vectorValues('copies-opened', 'chainId'))), owner: first(vectorValues('copies-opened', 'owner')) as Did }
      const opener = new CopyOpener(owner, (name) => (name === first(vectorValues('copies-opened', 'keyId')) ? wallet : undefined))
      const of = { record: hexOf('copies-opened', 'record') as RecordId, version: Number(first(vectorValues('copies-opened', 'version'))), ciphertext: hexOf('copies-opened', 'ciphertext') }
      const opened = await attemptAsync(() => opener.open(of, input), VaultError)
      if ('refused' in opened) return `opened ${opened.refused}`
      mustEqual(input, hexOf('copies-opened', 'copy'), 'a copy opens that nobody sealed')
      return 'accepted'
    },
  },
]
