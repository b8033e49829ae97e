import { toHex, type Did, type EmergencyReason, type Handle, type Message, type MessageOf, type ObjectId, type Role } from '@chiron/protocol'
import { access, BREAK_GLASS, CLINICAL_ROLES, identity, isPurposeWithin } from '@chiron/ledger'
import type { Random } from '@chiron/vault'
import type { EmergencyRow } from '../../control/emergency-operations.ts'
import type { Engine } from '../../engine/engine.ts'
import { LedgerRefusal } from '../../ledger/refusal.ts'
import { submitMessages, validUntilFrom, type Signer } from '../../ledger/submitter.ts'
import { GatewayError } from '../errors.ts'
import type { Names } from '../names.ts'
import type { Seeker } from './access-service.ts'
import type { RefusalLog } from './refusals.ts'

/** Roles in which somebody judges other organisations' emergencies: a privacy officer, by whatever title. */
const OFFICER_ROLES: ReadonlySet<Role> = new Set(['organisation-admin', 'auditor'])
const REMEMBERED = 1000

export interface EmergenciesDependencies {
  readonly engine: Engine
  readonly signer: Signer
  readonly refusals: RefusalLog
  readonly names: Names
  readonly now: () => number
  readonly random: Random
}

/** Emergencies as the people of one organisation meet them: who may declare, confirm and review is asked here and by the contract. */
export class Emergencies {
  readonly #engine: Engine
  readonly #signer: Signer
  readonly #refusals: RefusalLog
  readonly #names: Names
  readonly #now: () => number
  readonly #random: Random
  /** Patient ids under which emergencies were declared here, by handle. */
  readonly #patientIds = new Map<string, string>()

  constructor(dependencies: EmergenciesDependencies) {
    this.#engine = dependencies.engine
    this.#signer = dependencies.signer
    this.#refusals = dependencies.refusals
    this.#names = dependencies.names
    this.#now = dependencies.now
    this.#random = dependencies.random
  }

  /** Whether the reader is at work here as a clinician who may break the glass. Nothing about any patient counts. */
  mayDeclare({ did, purpose }: Seeker): boolean {
    const { state } = this.#engine
    const isTreating = purpose === 'TREAT' || isPurposeWithin(purpose, 'ETREAT')
    if (!isTreating || !identity.isProfessional(state, did, this.#signer.did, this.#timeMs(), CLINICAL_ROLES)) return false
    const { purposes = [] } = identity.delegation(state, did, this.#signer.did) ?? {}
    return purposes.length === 0 || purposes.includes(BREAK_GLASS)
  }

  /**
   * Declares an emergency about a patient, which opens their records to the reader for `BTG` at once; `isNew` false: one of
   * the same reader lasts already. Where it opens nothing (nobody has this id, an order or an absolute denial covers all)
   * there is one answer, and who exists has the attempt in the list.
   * @throws GatewayError `ERR_GATEWAY_SCOPE`, `ERR_GATEWAY_NO_ACCESS`; LedgerRefusal
   */
  async declare(reader: Seeker, patient: Handle, patientId: string, reason: EmergencyReason): Promise<{ readonly emergency: EmergencyRow; readonly isNew: boolean }> {
    this.#requireClinician(reader)
    const before = this.#lasting(reader.did, patient)
    try {
      await this.#submit({ type: 'access.breakGlass', salt: this.#random(16), patient, reader: reader.did, reason })
    } catch (error) {
      if (!isClosed(error)) throw error
      this.#refusals.add(patient, reader.did, BREAK_GLASS, 'read')
      throw opensNothing()
    }
    this.#remember(patient, patientId)
    const declared = this.#lasting(reader.did, patient)
    if (declared === undefined) throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'the emergency ended while it was declared; see why before declaring another')
    return { emergency: this.#row(declared), isNew: before === undefined }
  }

  /** A second clinician confirms. @throws GatewayError `ERR_GATEWAY_SCOPE`, `ERR_GATEWAY_NOT_FOUND`, `ERR_GATEWAY_CONFLICT`; LedgerRefusal */
  async confirm(confirmer: Seeker, id: ObjectId): Promise<EmergencyRow> {
    this.#requireClinician(confirmer)
    const found = this.#find(id)
    if (found !== undefined && !access.isEmergencyLive(found, this.#timeMs())) throw new GatewayError('ERR_GATEWAY_CONFLICT', 'the emergency is over; declare another where it is still needed')
    return await this.#change(id, (patient) => ({ type: 'access.confirmEmergency', salt: this.#random(16), patient, emergency: id, confirmer: confirmer.did }))
  }

  /** An officer judges another organisation's emergency. @throws GatewayError `ERR_GATEWAY_SCOPE`, `ERR_GATEWAY_NOT_FOUND`; LedgerRefusal */
  async review(reviewer: Did, id: ObjectId, outcome: MessageOf<'access.reviewEmergency'>['outcome']): Promise<EmergencyRow> {
    if (!this.#isOfficer(reviewer)) throw new GatewayError('ERR_GATEWAY_SCOPE', 'emergencies are reviewed by a privacy officer: who has the role organisation-admin or auditor here')
    return await this.#change(id, (patient) => ({ type: 'access.reviewEmergency', salt: this.#random(16), patient, emergency: id, outcome, reviewer }))
  }

  /**
   * What somebody at work here may act on, newest first: the organisation's own emergencies that last or wait for their
   * review; for a privacy officer those of others that wait as well, without their patients.
   * @throws GatewayError `ERR_GATEWAY_SCOPE`
   */
  seenBy(reader: Seeker): EmergencyRow[] {
    const isOfficer = this.#isOfficer(reader.did)
    if (!isOfficer && !this.mayDeclare(reader)) throw forClinicians()
    return this.waiting({ ofOthers: isOfficer })
  }

  /** As {@link Emergencies.seenBy}, for the organisation as such. */
  waiting({ ofOthers }: { readonly ofOthers: boolean }): EmergencyRow[] {
    const isMeant = (found: access.Emergency): boolean => {
      const isOpen = found.review === null || access.isEmergencyLive(found, this.#timeMs())
      return found.organisation === this.#signer.did ? isOpen : ofOthers && found.review === null
    }
    return this.#rows(access.openEmergencies(this.#engine.state).filter(isMeant))
  }

  /** Every emergency about a patient, newest first. */
  about(patient: Handle): EmergencyRow[] {
    return this.#rows(access.emergenciesOf(this.#engine.state, patient))
  }

  async #change(id: ObjectId, message: (patient: Handle) => Message): Promise<EmergencyRow> {
    const found = this.#find(id)
    if (found === undefined) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'there is no such emergency')
    await this.#submit(message(found.handle))
    return this.#row(access.emergency(this.#engine.state, found.handle, id) as access.Emergency)
  }

  #find(id: ObjectId): access.Emergency | undefined {
    const wanted = toHex(id)
    return access.openEmergencies(this.#engine.state).find((found) => toHex(found.id) === wanted)
  }

  #lasting(reader: Did, patient: Handle): access.Emergency | undefined {
    const { timeMs } = this.#engine.status()
    const isOwn = (found: access.Emergency): boolean => found.reader === reader && found.organisation === this.#signer.did
    return access.openEmergenciesOf(this.#engine.state, patient).find((found) => isOwn(found) && access.isEmergencyLive(found, timeMs))
  }

  #requireClinician(reader: Seeker): void {
    if (!this.mayDeclare(reader)) throw forClinicians()
  }

  #isOfficer(did: Did): boolean {
    return identity.isProfessional(this.#engine.state, did, this.#signer.did, this.#timeMs(), OFFICER_ROLES)
  }

  #rows(found: readonly access.Emergency[]): EmergencyRow[] {
    return found.toSorted((a, b) => b.declaredMs - a.declaredMs).map((each) => this.#row(each))
  }

  #row(found: access.Emergency): EmergencyRow {
    const { id, handle, reader, organisation, reason, declaredMs, confirmation, endedMs, review, dispute } = found
    const isOwn = organisation === this.#signer.did
    const isLasting = access.isEmergencyLive(found, this.#timeMs())
    return {
      emergency: toHex(id),
      patient: isOwn ? (this.#patientIds.get(toHex(handle)) ?? null) : null,
      who: this.#names.display(reader),
      organisation: this.#names.display(organisation),
      reason,
      declaredMs,
      untilMs: endedMs ?? access.emergencyUntil(found),
      status: !isLasting ? 'ended' : confirmation === null ? 'unconfirmed' : 'confirmed',
      confirmedBy: confirmation === null ? null : this.#names.display(confirmation.confirmer),
      review: review?.outcome ?? 'waiting',
      reviewedBy: review === null ? null : this.#names.display(review.reviewer),
      contested: dispute !== null,
    }
  }

  #remember(patient: Handle, patientId: string): void {
    const key = toHex(patient)
    this.#patientIds.delete(key)
    if (this.#patientIds.size >= REMEMBERED) this.#patientIds.delete(this.#patientIds.keys().next().value as string)
    this.#patientIds.set(key, patientId)
  }

  async #submit(message: Message): Promise<void> {
    await submitMessages(this.#engine, this.#signer, [message], validUntilFrom(this.#engine, this.#now()))
  }

  #timeMs(): number {
    return Math.max(this.#engine.status().timeMs, this.#now())
  }
}

/** Refusals that must look the same, whatever the patient is or hides. */
const CLOSED: ReadonlySet<number> = new Set([access.accessErrors.codes.invalid, access.accessErrors.codes.denied, access.accessErrors.codes.unknownPatient])

function isClosed(error: unknown): boolean {
  return error instanceof LedgerRefusal && error.codespace === access.accessErrors.codespace && CLOSED.has(error.code)
}

function opensNothing(): GatewayError {
  return new GatewayError('ERR_GATEWAY_NO_ACCESS', 'an emergency opens nothing here: nobody has this id, or all of it stays closed in an emergency too')
}

function forClinicians(): GatewayError {
  return new GatewayError('ERR_GATEWAY_SCOPE', 'emergencies are for physicians, nurses and pharmacists at work here, signed in for treatment')
}
