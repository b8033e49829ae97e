import type { Bundle, Observation, Patient } from '@medplum/fhirtypes'
import { ChildEnded, ChildRefused, type ChildNode } from './child-node.ts'
import { ConnectionLost, FhirHttp } from './fhir-http.ts'
import { TAG_SYSTEM, type Counter, type Model, type Sent, type Unit } from './model.ts'
import type { SeededRandom } from './random.ts'

/** The node answered with another status than it should. */
class UnexpectedStatus extends Error {
  override readonly name = 'UnexpectedStatus'
}

const WRITERS = 4
const FILLER = 2000

/** What a node answered, or said, where it did not do what it was asked. */
export interface Refusal {
  readonly step: string
  readonly said: string
}

/** Drives a node through HTTP until it is gone, and notes in the model what was acknowledged. */
export class Workload {
  readonly #model: Model
  readonly #random: SeededRandom
  #tags = 0
  #isEnding = false
  #acknowledged = 0
  #awaited: { readonly count: number; resolve(): void } | undefined

  constructor(model: Model, random: SeededRandom) {
    this.#model = model
    this.#random = random
  }

  /** Makes the patients; one of them lets lakeside read. */
  async prepare(node: ChildNode): Promise<void> {
    const fhir = clientOf(node, 'riverside')
    for (let number = 0; number < 3; number++) {
      const sent = this.#patient()
      const unit: Unit = { created: [sent], outcome: 'unknown' }
      this.#model.units.push(unit)
      this.#model.patients.push(await this.#create(fhir, unit, sent))
    }
    await node.ask('grant', { patient: this.#model.patients[0] as string, to: 'lakeside', categories: ['laboratory'] })
  }

  /** Says that the node is about to be ended: from here on it may also refuse. */
  endsNow(): void {
    this.#isEnding = true
  }

  /** Resolves when so many writes of the run were acknowledged. */
  async untilAcknowledged(count: number): Promise<void> {
    if (this.#acknowledged >= count) return
    await new Promise<void>((resolve) => (this.#awaited = { count, resolve }))
  }

  /** Writers and a reader at work; resolves with the number of acknowledged writes once the node is gone. */
  async run(node: ChildNode): Promise<number> {
    this.#isEnding = false
    this.#acknowledged = 0
    const riverside = clientOf(node, 'riverside')
    const counts = await Promise.all([
      ...Array.from({ length: WRITERS }, (_, number) => this.#until(() => this.#write(riverside, `counter-${number}`))),
      this.#until(() => this.#read(clientOf(node, 'lakeside'))),
    ])
    return counts.slice(0, WRITERS).reduce((sum, count) => sum + count, 0)
  }

  /**
   * One of everything, in a fixed order: register, write, write a group, amend, let read, read, report, delete, close,
   * stop. Steps that are refused are left out; resolves with what was said then, once the node has stopped or is gone.
   */
  async script(node: ChildNode, ending: 'stop' | 'stay'): Promise<readonly Refusal[]> {
    const riverside = clientOf(node, 'riverside')
    const refusals: Refusal[] = []
    const step = async (name: string, act: () => Promise<void>): Promise<void> => {
      try {
        await act()
      } catch (error) {
        if (!(error instanceof UnexpectedStatus || error instanceof ChildRefused || error instanceof ConnectionLost || error instanceof ChildEnded)) throw error
        if (error instanceof UnexpectedStatus || error instanceof ChildRefused) refusals.push({ step: name, said: error.message })
      }
    }
    const patient = this.#model.patients[0] as string
    const counterId = `scripted-${++this.#tags}`
    const written = this.#observation(patient)
    const unit: Unit = { created: [written], outcome: 'unknown' }
    const counter = this.#counter(counterId)
    const isSettled = (): boolean => counter.acknowledged === counter.sent
    await step('register', () => this.#newPatient(riverside))
    await step('write', async () => {
      this.#model.units.push(unit)
      await this.#create(riverside, unit, written)
    })
    await step('write under an id', () => this.#count(riverside, counterId))
    if (isSettled()) await step('write a group', () => this.#transaction(riverside, counterId))
    if (isSettled()) await step('amend', () => this.#count(riverside, counterId))
    let rule: string | undefined
    await step('let read', async () => {
      ;({ rule } = await node.ask('grant', { patient, to: 'lakeside', categories: ['laboratory'] }))
    })
    if (rule !== undefined) await step('read', () => this.#read(clientOf(node, 'lakeside')))
    await step('report', async () => void (await node.ask('heights', {})))
    if (unit.outcome === 'acknowledged') await step('delete', () => this.#deleteOf(riverside, written.tag))
    if (rule !== undefined) await step('close', async () => void (await node.ask('close', { patient, rule: rule as string })))
    if (ending === 'stop') await step('stop', async () => void (await node.ask('stop', {})))
    return refusals
  }

  async #until(act: () => Promise<void>): Promise<number> {
    for (let done = 0; ; done++) {
      try {
        await act()
      } catch (error) {
        if (error instanceof ConnectionLost || (error instanceof UnexpectedStatus && this.#isEnding)) return done
        throw error
      }
    }
  }

  async #write(fhir: FhirHttp, counterId: string): Promise<void> {
    const kind = this.#random.integer(10)
    if (kind < 3) await this.#createOne(fhir)
    else if (kind < 6) await this.#count(fhir, counterId)
    else if (kind < 8) await this.#transaction(fhir, counterId)
    else if (kind < 9) await this.#delete(fhir)
    else await this.#newPatient(fhir)
  }

  async #createOne(fhir: FhirHttp): Promise<void> {
    const sent = this.#observation(this.#random.pick(this.#model.patients))
    const unit: Unit = { created: [sent], outcome: 'unknown' }
    this.#model.units.push(unit)
    await this.#create(fhir, unit, sent)
  }

  async #create(fhir: FhirHttp, unit: Unit, sent: Sent): Promise<string> {
    const { status, body, receipt } = await fhir.send('POST', sent.resource.resourceType, sent.resource)
    expectStatus(status, 201, body)
    this.#keep(receipt)
    unit.outcome = 'acknowledged'
    this.#model.ids.set(sent.tag, body?.id as string)
    return body?.id as string
  }

  async #count(fhir: FhirHttp, id: string): Promise<void> {
    const counter = this.#counter(id)
    counter.sent++
    const { status, body, receipt } = await fhir.send('PUT', `Observation/${id}`, this.#counting(counter))
    expectStatus(status, counter.sent === 1 ? 201 : 200, body)
    this.#keep(receipt)
    counter.acknowledged = counter.sent
  }

  async #transaction(fhir: FhirHttp, counterId: string): Promise<void> {
    const counter = this.#counter(counterId)
    counter.sent++
    const created = Array.from({ length: this.#random.between(2, 8) }, () => this.#observation(this.#random.pick(this.#model.patients)))
    const unit: Unit = { created, counter: { id: counterId, value: counter.sent }, outcome: 'unknown' }
    this.#model.units.push(unit)
    await this.#send(fhir, unit, [
      ...created.map(({ resource }) => ({ resource, request: { method: 'POST' as const, url: resource.resourceType } })),
      { resource: this.#counting(counter), request: { method: 'PUT' as const, url: `Observation/${counterId}` } },
    ])
    counter.acknowledged = counter.sent
  }

  /** A patient comes into being, with wallet and registration, together with a first observation. */
  async #newPatient(fhir: FhirHttp): Promise<void> {
    const patient = this.#patient()
    const observation = this.#observation('')
    const fullUrl = `urn:uuid:00000000-0000-4000-8000-${String(this.#tags).padStart(12, '0')}`
    const unit: Unit = { created: [patient, observation], outcome: 'unknown' }
    this.#model.units.push(unit)
    await this.#send(fhir, unit, [
      { fullUrl, resource: patient.resource, request: { method: 'POST', url: 'Patient' } },
      { resource: { ...observation.resource, subject: { reference: fullUrl } } as Observation, request: { method: 'POST', url: 'Observation' } },
    ])
  }

  async #send(fhir: FhirHttp, unit: Unit, entry: NonNullable<Bundle['entry']>): Promise<void> {
    const { status, body, receipt } = await fhir.send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })
    expectStatus(status, 200, body)
    this.#keep(receipt)
    unit.outcome = 'acknowledged'
    for (const [index, { tag }] of unit.created.entries()) {
      const id = /\/([^/]+)\/_history/.exec((body as Bundle).entry?.[index]?.response?.location ?? '')?.[1]
      this.#model.ids.set(tag, id ?? '')
    }
  }

  async #delete(fhir: FhirHttp): Promise<void> {
    const candidates = this.#model.units.filter(({ created, outcome }) => outcome === 'acknowledged' && created.length === 1 && created[0]?.resource.resourceType === 'Observation')
    const tag = candidates.length === 0 ? undefined : this.#random.pick(candidates).created[0]?.tag
    if (tag === undefined || this.#model.ids.get(tag) === undefined || this.#model.deletions.has(tag)) return await this.#createOne(fhir)
    await this.#deleteOf(fhir, tag)
  }

  async #deleteOf(fhir: FhirHttp, tag: string): Promise<void> {
    const id = this.#model.ids.get(tag) as string
    const deletion = { tag, id, outcome: 'unknown' as 'unknown' | 'acknowledged' }
    this.#model.deletions.set(tag, deletion)
    const { status, body, receipt } = await fhir.send('DELETE', `Observation/${id}`)
    expectStatus(status, 204, body)
    this.#keep(receipt)
    deletion.outcome = 'acknowledged'
  }

  async #read(fhir: FhirHttp): Promise<void> {
    const { status, body } = await fhir.send('GET', `Observation?patient=${this.#model.patients[0] as string}&_count=20&_sort=-_lastUpdated`)
    expectStatus(status, 200, body)
  }

  #keep(receipt: string | undefined): void {
    if (receipt === undefined) throw new UnexpectedStatus('acknowledged without a receipt')
    this.#model.receipts.push(receipt)
    this.#acknowledged++
    if (this.#acknowledged >= (this.#awaited?.count ?? Infinity)) this.#awaited?.resolve()
  }

  #counter(id: string): Counter {
    const counter = this.#model.counters.get(id) ?? { id, acknowledged: 0, sent: 0 }
    this.#model.counters.set(id, counter)
    return counter
  }

  #counting({ id, sent }: Counter): Observation {
    const { resource } = this.#observation(this.#model.patients[1] as string)
    const { identifier: _identifier, ...rest } = resource as Observation
    return { ...rest, id, valueQuantity: { value: sent, unit: '1' } }
  }

  #observation(patient: string): Sent {
    const tag = `write-${++this.#tags}`
    const resource: Observation = {
      resourceType: 'Observation',
      status: 'final',
      identifier: [{ system: TAG_SYSTEM, value: tag }],
      category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] }],
      code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
      ...(patient === '' ? {} : { subject: { reference: `Patient/${patient}` } }),
      valueQuantity: { value: this.#random.integer(1000), unit: 'g/L' },
      note: [{ text: `${tag} `.repeat(this.#random.integer(FILLER / 10) + 1) }],
    }
    return { tag, resource }
  }

  #patient(): Sent {
    const tag = `write-${++this.#tags}`
    const resource: Patient = { resourceType: 'Patient', identifier: [{ system: TAG_SYSTEM, value: tag }], name: [{ family: `Family${this.#random.integer(1e6)}` }], gender: 'female', birthDate: '1950-01-01' }
    return { tag, resource }
  }
}

export function clientOf(node: ChildNode, organisation: string): FhirHttp {
  return new FhirHttp(`${node.ready.url}/${organisation}/fhir`, node.ready.tokens[organisation] ?? '')
}

function expectStatus(status: number, expected: number, body: unknown): void {
  if (status !== expected) throw new UnexpectedStatus(`answered ${status} instead of ${expected}: ${JSON.stringify(body)}`)
}
