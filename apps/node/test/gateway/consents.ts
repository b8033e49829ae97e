import { randomBytes } from 'node:crypto'
import { toHex, type Action, type Category, type DataInterval, type Grantee, type Label, type Message, type ObjectId, type RuleTerms } from '@chiron/protocol'
import { submitMessages, validUntilFrom } from '../../src/ledger/submitter.ts'
import type { Organisation, TestNode, UserName } from './harness.ts'

/** What a test says of a rule; everything else is left open. */
export interface RuleWords {
  readonly effect?: 'permit' | 'deny'
  readonly to: Grantee
  readonly purposes?: readonly string[]
  readonly categories?: readonly Category[]
  readonly labels?: readonly Label[]
  readonly records?: readonly string[]
  readonly actions?: readonly Action[]
  readonly forMs?: number
  readonly overrides?: ObjectId
}

export const HOUR = 3_600_000

export function organisation({ node }: TestNode, name: Organisation): Grantee {
  const found = node.identities.organisations.get(name)
  if (found === undefined) throw new TypeError(`no organisation ${name}`)
  return { kind: 'organisation', did: found.did }
}

export function person({ node }: TestNode, name: Organisation, user: UserName): Grantee & { readonly kind: 'person' } {
  const found = node.identities.users.find((candidate) => candidate.organisation === name && candidate.user === user)
  if (found === undefined) throw new TypeError(`${name} has no ${user}`)
  return { kind: 'person', did: found.did }
}

/** Makes a rule with the patient's custodial wallet; gives its id. */
export async function grant({ node }: TestNode, patientId: string, words: RuleWords): Promise<ObjectId> {
  const { rule } = await node.desk.grant(patientId, {
    effect: words.effect ?? 'permit',
    grantee: words.to,
    purposes: words.purposes ?? [],
    categories: words.categories ?? [],
    labels: words.labels ?? [],
    records: words.records ?? [],
    actions: words.actions ?? ['read'],
    forMs: words.forMs ?? HOUR,
    overrides: words.overrides ?? null,
  })
  return rule
}

export async function revoke({ node }: TestNode, patientId: string, rule: ObjectId): Promise<void> {
  await node.desk.revoke(patientId, rule)
}

/** Asks as a user of the clinic or hospital; gives the request's id. */
export async function ask(started: TestNode, patientId: string, from: Organisation, user: UserName, categories: readonly Category[], forMs = HOUR): Promise<ObjectId> {
  const signer = started.node.identities.organisations.get(from)
  if (signer === undefined) throw new TypeError(`no organisation ${from}`)
  const grantee = person(started, from, user)
  return await started.node.desk.ask(signer, patientId, { reader: grantee.did, grantee, purposes: ['TREAT'], categories, labels: [], actions: ['read'], forMs })
}

/** States that an organisation treats a patient for an hour. */
export async function registerTreatment(started: TestNode, patientId: string, by: Organisation): Promise<void> {
  const patient = started.node.desk.handle(patientId)
  await started.submit(by, [{ type: 'consent.registerTreatment', salt: randomBytes(16), patient, until: Date.now() + HOUR }])
}

/** Permits an organisation to read a category, with obligations. */
export async function grantObliged(started: TestNode, patientId: string, to: Grantee, category: Category, obligations: readonly string[]): Promise<void> {
  const patient = started.node.desk.handle(patientId)
  await grantTerms(started, patientId, { grantee: to, categories: [started.gateway('riverside').services.vocabulary.category(patient, category)], obligations: [...obligations] })
}

/** Data of the days from the first date, up to and without the last (`YYYY-MM-DD`). */
export function dataOf(started: TestNode, patientId: string, from: string | null, until: string | null): DataInterval {
  const { vocabulary } = started.gateway('riverside').services
  const day = (date: string | null): number | null => (date === null ? null : vocabulary.day(started.node.desk.handle(patientId), date))
  return { from: day(from), until: day(until) }
}

/** Makes a rule as it stands on the ledger: a permit to read everything, but for what is said. */
export async function grantTerms(started: TestNode, patientId: string, fields: Partial<RuleTerms> & Pick<RuleTerms, 'grantee'>): Promise<void> {
  const { node } = started
  const wallet = await node.wallets.signerFor(patientId)
  if (wallet === undefined) throw new TypeError('no such patient')
  const patient = node.desk.handle(patientId)
  const terms: RuleTerms = { effect: 'permit', purposes: [], categories: [], labels: [], records: [], actions: ['read'], from: 0, until: null, overrides: null, ...fields }
  await submitMessages(node.engine, wallet, [{ type: 'consent.grant', salt: randomBytes(16), patient, terms }], validUntilFrom(node.engine, Date.now()))
}

export async function contestTreatment({ node }: TestNode, patientId: string, of: Organisation): Promise<void> {
  const wallet = await node.wallets.signerFor(patientId)
  const treating = node.identities.organisations.get(of)
  if (wallet === undefined || treating === undefined) throw new TypeError('no such patient or organisation')
  const message: Message = { type: 'consent.contestTreatment', salt: randomBytes(16), patient: node.desk.handle(patientId), organisation: treating.did }
  await submitMessages(node.engine, wallet, [message], validUntilFrom(node.engine, Date.now()))
}

/** The ledger's name of a resource, in hexadecimal: what a rule about a single record names. */
export function recordOf(started: TestNode, type: string, id: string): string {
  return toHex(started.gateway('riverside').services.vocabulary.record(type, id))
}
