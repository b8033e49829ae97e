import type { Did, Handle } from '@chiron/protocol'
import { access, identity } from '@chiron/ledger'
import type { Random } from '@chiron/vault'
import type { EndorsementRow } from '../../control/endorsement-operations.ts'
import type { Engine } from '../../engine/engine.ts'
import { LedgerRefusal } from '../../ledger/refusal.ts'
import { submitMessages, validUntilFrom, type Signer } from '../../ledger/submitter.ts'
import { GatewayError } from '../errors.ts'
import type { Names } from '../names.ts'
import type { Seeker } from './access-service.ts'

const { codes, codespace } = access.accessErrors
/** Refusals that depend on the patient: who endorses learns nothing of them. */
const UNTOLD: ReadonlySet<number> = new Set([codes.unknownPatient, codes.endNotAllowed, codes.tooManyEndorsements])

/** Second professionals of one organisation who stand by a colleague's access, where a patient's rule asks for one. */
export class Endorsements {
  readonly #engine: Engine
  readonly #signer: Signer
  readonly #names: Names
  readonly #now: () => number
  readonly #random: Random

  constructor(dependencies: { engine: Engine; signer: Signer; names: Names; now: () => number; random: Random }) {
    this.#engine = dependencies.engine
    this.#signer = dependencies.signer
    this.#names = dependencies.names
    this.#now = dependencies.now
    this.#random = dependencies.random
  }

  /**
   * Endorses a colleague's access for the endorser's own purpose, for 12 hours at most. Whether anybody has the handle, or a
   * rule asks for it, makes no difference to the answer.
   * @throws GatewayError `ERR_GATEWAY_SCOPE`, `ERR_GATEWAY_INVALID`
   */
  async endorse(endorser: Seeker, reader: Did, patient: Handle, forMs: number): Promise<EndorsementRow> {
    for (const did of [endorser.did, reader]) {
      if (!identity.isProfessional(this.#engine.state, did, this.#signer.did, this.#timeMs())) throw new GatewayError('ERR_GATEWAY_SCOPE', 'both must be at work here, and signed in: who reads, and who stands by')
    }
    if (endorser.did === reader) throw new GatewayError('ERR_GATEWAY_SCOPE', 'nobody endorses themselves: a colleague must')
    if (forMs > access.MAX_ENDORSEMENT_MS) throw new GatewayError('ERR_GATEWAY_INVALID', 'an endorsement lasts 12 hours at most')
    const { purpose } = endorser
    // The contract counts 12 hours from block time, which may lag behind the clock.
    const until = Math.min(this.#timeMs() + forMs, this.#engine.status().timeMs + access.MAX_ENDORSEMENT_MS)
    try {
      const message = { type: 'access.endorse', salt: this.#random(16), patient, reader, purpose, endorser: endorser.did, until } as const
      await submitMessages(this.#engine, this.#signer, [message], validUntilFrom(this.#engine, this.#now()))
    } catch (error) {
      if (!(error instanceof LedgerRefusal) || error.codespace !== codespace || !UNTOLD.has(error.code)) throw error
    }
    return { reader: this.#names.display(reader), endorsedBy: this.#names.display(endorser.did), organisation: this.#names.display(this.#signer.did), purpose, untilMs: until }
  }

  #timeMs(): number {
    return Math.max(this.#engine.status().timeMs, this.#now())
  }
}
