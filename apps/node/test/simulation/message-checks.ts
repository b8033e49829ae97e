import { custodyBatchRoot, equalBytes, receiptSigningBytes, toHex, type Did, type Genesis, type Message } from '@chiron/protocol'
import type { VerifySignature } from '../../src/engine/embedded/chain.ts'
import type { Model } from './model.ts'

const CLINICIANS = ['physician', 'nurse', 'pharmacist']
const PROFESSIONALS = [...CLINICIANS, 'laboratory']
const DAY_MS = 86_400_000

/** Says what a message did that it must not, with the promise that it breaks. */
export type Fail = (promise: string, what: string) => void

export interface MessageCheckOptions {
  readonly genesis: Genesis
  readonly verify: VerifySignature
  /** Whether the wallet of this patient made the key. */
  readonly isOwnKey: (did: Did, signingKey: Uint8Array) => boolean
}

type Of<T extends Message['type']> = Extract<Message, { readonly type: T }>

/** Looks at each message of a transaction that took effect, before the model takes it in: whether its signer may do that. */
export class MessageChecks {
  readonly #options: MessageCheckOptions
  readonly #fail: Fail

  constructor(options: MessageCheckOptions, fail: Fail) {
    this.#options = options
    this.#fail = fail
  }

  check(model: Model, signer: Did, message: Message, timeMs: number): void {
    switch (message.type) {
      case 'consent.grant':
      case 'consent.revoke':
      case 'consent.modify':
      case 'consent.approve':
      case 'access.contestEmergency':
        if (model.owners.get(toHex(message.patient)) !== signer) this.#fail('P1', `${message.type} by somebody else than the patient`)
        return
      case 'identity.rotateKey':
        if (message.did !== signer && model.kinds.get(message.did)?.controller !== signer) this.#fail('P1', 'an identity got a key from who neither is it nor has it in custody')
        return
      case 'identity.offerClaim':
        if (model.kinds.get(message.did)?.controller !== signer) this.#fail('P1', 'a claim was offered by who has not the patient in custody')
        return
      case 'identity.claim':
        return this.#claim(model, message, timeMs)
      case 'access.breakGlass':
        return this.#breakGlass(model, signer, message, timeMs)
      case 'access.confirmEmergency':
        return this.#confirm(model, signer, message, timeMs)
      case 'access.reviewEmergency':
        if (model.emergencies.get(toHex(message.emergency))?.organisation === signer) this.#fail('P1', 'an emergency was reviewed by who declared it')
        return
      case 'access.endorse':
        if (message.endorser === message.reader || ![message.endorser, message.reader].every((did) => model.hasRole(did, signer, PROFESSIONALS, timeMs))) this.#fail('P1', 'somebody endorsed who is no other professional of the organisation')
        return
      case 'records.put':
        return this.#put(model, signer, message, timeMs)
      default:
        return
    }
  }

  #claim(model: Model, { did, signingKey }: Of<'identity.claim'>, timeMs: number): void {
    const offer = model.offers.get(did)
    if (offer === undefined || timeMs >= offer.untilMs) this.#fail('P1', 'an identity was claimed that was not offered')
    if (model.claimed.has(did)) this.#fail('P1', 'an identity was claimed twice')
    if (!this.#options.isOwnKey(did, signingKey) || (offer !== undefined && equalBytes(offer.claimKey, signingKey))) this.#fail('P1', 'an identity was claimed with keys that its patient did not make')
  }

  #breakGlass(model: Model, signer: Did, message: Of<'access.breakGlass'>, timeMs: number): void {
    if (!model.hasRole(message.reader, signer, CLINICIANS, timeMs)) this.#fail('P1', 'an emergency was declared for who is no clinician')
    const own = [...model.emergencies.values()].filter((item) => item.patient === toHex(message.patient) && item.reader === message.reader && item.organisation === signer)
    if (own.some((item) => model.isLive(item, timeMs))) return
    if (own.some((item) => timeMs < item.declaredMs + DAY_MS && (item.confirmer === null || item.endedMs !== null))) this.#fail('P1', 'who declared an emergency that did not stand declared another')
  }

  #confirm(model: Model, signer: Did, { emergency, confirmer }: Of<'access.confirmEmergency'>, timeMs: number): void {
    const found = model.emergencies.get(toHex(emergency))
    if (found === undefined || !model.isLive(found, timeMs) || found.organisation !== signer) return this.#fail('P1', 'an emergency was confirmed that does not last')
    if (found.reader === confirmer || !model.hasRole(confirmer, signer, CLINICIANS, timeMs)) this.#fail('P1', 'an emergency was confirmed by who is no second clinician')
  }

  #put(model: Model, signer: Did, message: Of<'records.put'>, timeMs: number): void {
    this.#receipts(message)
    const ask = { reader: message.recorder, organisation: signer, purpose: message.purpose, action: 'write' }
    for (const entry of message.entries) {
      const record = toHex(entry.record)
      const versions = model.records.get(record)
      const head = versions?.at(-1)
      if (entry.version !== (head?.version ?? 0) + 1) this.#fail('P4', 'a version does not follow the one before')
      for (const [at, subject] of entry.subjects.entries()) {
        const patient = toHex(subject)
        const tags = at === 0 ? entry : (entry.furtherTags?.[at - 1] ?? entry)
        const labels = new Set([...model.labelsOf(record, patient), ...tags.labels.map(toHex)])
        const about = { record, author: head?.author ?? null, firstAuthor: versions?.[0]?.author ?? null, category: toHex(tags.category), flags: entry.flags, dates: tags.dates ?? null, labels }
        if (!model.permitsSubject(ask, patient, about, timeMs)) this.#fail('P1', 'an organisation wrote into a chart that consent does not open to it')
      }
    }
  }

  #receipts(message: Of<'records.put'>): void {
    const { genesis, verify } = this.#options
    const { keyholders } = genesis.custody
    const root = custodyBatchRoot(message.entries)
    const signed = new Set(message.receipts.filter((receipt) => {
      const found = keyholders.find(({ did }) => did === receipt.keyholder)
      const signing = receiptSigningBytes(genesis.chainId, message.custodySet, root, receipt)
      return found !== undefined && signing !== undefined && verify(found.signingKey, signing, receipt.signature)
    }).map(({ keyholder }) => keyholder))
    if (signed.size < keyholders.length - Math.floor((keyholders.length - 1) / 3)) this.#fail('P4', 'a write was taken with too few receipts')
  }
}
