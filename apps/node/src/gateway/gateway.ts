import { toBase64url } from '@chiron/ledger/proofs'
import { toHex, type Handle, type Label, type RecordId } from '@chiron/protocol'
import type { CapabilityStatement } from '@medplum/fhirtypes'
import { webRandom } from '@chiron/vault'
import type { PatientDesk, PatientRef } from '../patients/patient-desk.ts'
import type { DisplayDetail } from './access/displays.ts'
import { buildServices, type ServicesDependencies, type ServicesOptions } from './build-services.ts'
import { cursorCodec } from './fhir/cursors.ts'
import { canonicalFor } from './fhir/known.ts'
import type { BundleOptions } from './fhir/bundle.ts'
import type { FhirRequest, FhirResponse } from './fhir/request.ts'
import { FhirRouter } from './fhir/router.ts'
import { GatewayError } from './errors.ts'
import { IndexError } from './index/errors.ts'
import { systemLater } from './later.ts'
import type { Reader } from './reader.ts'
import { LabelReviewer, type LabelReview, type ReviewProgress } from './records/label-review.ts'
import type { Services } from './services.ts'
import type { UpkeepProgress } from './upkeep.ts'
import { ClaimRelay } from './wallet/claim-relay.ts'
import { WalletService } from './wallet/wallet-service.ts'
import { WalletSessions } from './wallet/wallet-sessions.ts'

export interface GatewayOptions extends ServicesOptions {
  /** Key of page cursors, 32 bytes. */
  readonly cursorKey: Uint8Array
}

export interface GatewayDependencies extends Omit<ServicesDependencies, 'random' | 'later'> {
  readonly desk: PatientDesk
  /** What is kept about a patient. */
  readonly detailsOf: (patient: Handle) => readonly DisplayDetail[]
}

const REPORT_EVERY_MS = 1000
const EXPIRE_EVERY_MS = 30_000
const VERIFY_EVERY_MS = 5 * 60_000

/** One organisation's gateway: its FHIR interactions, and what keeps its index and the patients' lists true. */
export class Gateway {
  readonly name: string
  readonly baseUrl: string
  readonly #fhir: FhirRouter
  readonly services: Services
  readonly desk: PatientDesk
  readonly wallet: WalletService
  readonly sessions: WalletSessions
  readonly claims: ClaimRelay
  readonly #dependencies: GatewayDependencies
  readonly #stopListening: () => void
  readonly #timers: readonly NodeJS.Timeout[]
  #flushing: Promise<void> = Promise.resolve()
  #rebuilding: Promise<void> | undefined
  /** Why the index is not whole: a rebuild that failed. Nothing is answered from it then. */
  #unfinished: unknown

  constructor(options: GatewayOptions, dependencies: GatewayDependencies) {
    this.name = options.organisation.name
    this.baseUrl = options.baseUrl
    this.desk = dependencies.desk
    this.#dependencies = dependencies
    this.wallet = new WalletService(dependencies)
    this.sessions = new WalletSessions({ organisation: options.organisation.did }, dependencies)
    this.claims = new ClaimRelay({ ...dependencies, random: webRandom })
    this.services = buildServices(options, { ...dependencies, random: webRandom, later: systemLater })
    this.#fhir = new FhirRouter({ services: this.services, cursors: cursorCodec(options.cursorKey), signer: this.desk })
    this.#stopListening = dependencies.engine.onBlock((block) => this.services.upkeep.observe(block))
    this.#timers = [
      setInterval(() => void this.flush().catch(dependencies.onFailure), REPORT_EVERY_MS).unref(),
      setInterval(() => {
        void this.services.charts.expire().catch(dependencies.onFailure)
        if (this.#unfinished === undefined) this.services.upkeep.kick()
        else void this.rebuild().catch(dependencies.onFailure)
      }, EXPIRE_EVERY_MS).unref(),
      setInterval(() => void dependencies.index.verify().catch((error: unknown) => this.#heal(error)), VERIFY_EVERY_MS).unref(),
    ]
  }

  /** Makes the index true: to be called before the first request is answered. */
  async start(onProgress?: (progress: UpkeepProgress) => void): Promise<void> {
    const { index, engine } = this.#dependencies
    for (const { access } of await index.openAccesses()) await index.dropAccess(access)
    if ((await index.height()) > engine.status().height) await index.clear()
    await this.services.upkeep.alone(() => this.services.upkeep.catchUp(onProgress))
  }

  capabilities(): CapabilityStatement {
    return this.#fhir.capabilities()
  }

  /** Whether the index is being made anew: requests are refused meanwhile. */
  get isRebuilding(): boolean {
    return this.#rebuilding !== undefined
  }

  /**
   * Answers one FHIR interaction. A damaged index is never answered from: it is made anew at once.
   * @throws GatewayError `ERR_GATEWAY_UNAVAILABLE` while the index is being made anew, or what hindered that; else as
   * {@link FhirRouter.handle}
   */
  async handle(reader: Reader, request: FhirRequest, options?: BundleOptions): Promise<FhirResponse> {
    if (this.isRebuilding) throw new GatewayError('ERR_GATEWAY_UNAVAILABLE', 'the search index is being made anew; try again in a moment')
    if (this.#unfinished !== undefined) throw this.#unfinished
    try {
      return await this.#fhir.handle(reader, request, options)
    } catch (error) {
      this.#heal(error)
      throw error
    }
  }

  /** Makes the index anew from ledger and ciphertext; the same one when that is under way already. */
  async rebuild(onProgress?: (progress: UpkeepProgress) => void): Promise<void> {
    this.#rebuilding ??= this.#rebuild(onProgress).finally(() => {
      this.#rebuilding = undefined
    })
    await this.#rebuilding
  }

  async #rebuild(onProgress?: (progress: UpkeepProgress) => void): Promise<void> {
    const { index } = this.#dependencies
    try {
      await this.services.upkeep.alone(async () => {
        await index.clear()
        this.services.upkeep.forget()
        this.services.charts.forget()
        this.services.aliases.clear()
        await this.services.upkeep.catchUp(onProgress)
      })
      this.#unfinished = undefined
    } catch (error) {
      this.#unfinished = error
      throw error
    }
  }

  #heal(error: unknown): void {
    if (!(error instanceof IndexError) || error.code !== 'ERR_INDEX_CORRUPT' || this.isRebuilding) return
    this.#dependencies.onFailure(error)
    void this.rebuild().catch(this.#dependencies.onFailure)
  }

  /** What this organisation's reports about a patient stand for: access and root, and the leaves under it (base64url). */
  displaysOf(patient: PatientRef) {
    const { detailsOf } = this.#dependencies
    return detailsOf(this.desk.handle(patient)).map(({ access, root, leaves }) => ({
      access: toHex(access),
      root: toHex(root),
      leaves: leaves.map(toBase64url),
    }))
  }

  /** The patient puts labels on a record (`Type/id`), or takes off what they put on; gives its id on the ledger. @throws as `PatientDesk.label` */
  async label(reader: Reader & { readonly patientId: string }, reference: string, labels: readonly Label[], change: 'add' | 'remove'): Promise<RecordId> {
    const [type = '', id = ''] = reference.split('/')
    const record = this.services.vocabulary.record(type, canonicalFor(this.services, reader, type, id))
    await this.desk.label(reader.patientId, record, labels, change)
    return record
  }

  /** Compares records with the value sets of today, and gives them the labels that they lack where `apply` says so. */
  async reviewLabels(apply: boolean, onProgress: (progress: ReviewProgress) => void): Promise<LabelReview> {
    const reviewer = new LabelReviewer(this.services)
    const { signer } = this.#dependencies
    return apply ? await reviewer.apply({ signer, random: webRandom }, onProgress) : await reviewer.review(onProgress)
  }

  /** Brings refusals and displays that are still waiting onto the ledger. */
  async flush(): Promise<void> {
    this.#flushing = this.#flushing.catch(() => undefined).then(() => this.services.reporter.report())
    await this.#flushing
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#stopListening()
    await this.services.upkeep.close()
    await this.flush().catch(this.#dependencies.onFailure)
  }
}
