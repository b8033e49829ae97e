import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Observation, Resource } from '@medplum/fhirtypes'
import { decodeHeader, toHex } from '@chiron/protocol'
import { decodeReceipt, fromBase64url, parseTrust, verifyReceipt } from '@chiron/ledger/proofs'
import type { ChildNode } from './child-node.ts'
import { FhirHttp } from './fhir-http.ts'
import { asSent, tagOf, type Model, type Sent, type Unit } from './model.ts'
import { clientOf } from './workload.ts'

/** What a restarted node was found to have. */
export interface Found {
  readonly resources: number
  /** Writes that were cut off, and are there. */
  readonly completed: number
  readonly cutOff: number
}

/**
 * Compares what a node shows through FHIR with what it was asked: every acknowledged write with its content, cut-off ones
 * wholly or not at all, nothing else. Settles in the model what was cut off.
 */
export async function verifyContents(node: ChildNode, model: Model): Promise<Found> {
  const fhir = clientOf(node, 'riverside')
  const found = [...(await fhir.searchAll('Observation?_count=1000')), ...(await fhir.searchAll('Patient?_count=1000'))]
  const byTag = new Map<string, Resource>()
  const counters = new Map<string, Observation>()
  for (const resource of found) {
    const tag = tagOf(resource as Observation)
    if (tag === undefined) counters.set(resource.id as string, resource as Observation)
    else {
      strictEqual(byTag.has(tag), false, `${tag} is there twice`)
      byTag.set(tag, resource)
    }
  }
  settleDeletions(model, byTag)
  verifyCounters(model, counters)
  const cutOff = model.units.filter(({ outcome }) => outcome === 'unknown')
  const lost: Unit[] = []
  for (const unit of model.units) if (!settleUnit(model, unit, byTag)) lost.push(unit)
  for (const unit of lost) model.units.splice(model.units.indexOf(unit), 1)
  const known = new Set(model.units.flatMap(({ created }) => created.map(({ tag }) => tag)))
  deepStrictEqual([...byTag.keys()].filter((tag) => !known.has(tag)), [], 'what nobody wrote')
  return { resources: found.length, cutOff: cutOff.length, completed: cutOff.length - lost.length }
}

function settleDeletions(model: Model, byTag: ReadonlyMap<string, Resource>): void {
  for (const [tag, deletion] of model.deletions) {
    const isThere = byTag.has(tag)
    if (deletion.outcome === 'acknowledged') strictEqual(isThere, false, `${tag} was deleted`)
    else if (isThere) model.deletions.delete(tag)
    else deletion.outcome = 'acknowledged'
  }
}

function verifyCounters(model: Model, counters: ReadonlyMap<string, Observation>): void {
  deepStrictEqual([...counters.keys()].filter((id) => !model.counters.has(id)), [], 'counters that nobody wrote')
  for (const counter of model.counters.values()) {
    const shown = counters.get(counter.id)
    const value = shown?.valueQuantity?.value ?? 0
    const allowed = counter.acknowledged === counter.sent ? [counter.sent] : [counter.acknowledged, counter.sent]
    strictEqual(allowed.includes(value), true, `${counter.id} shows ${value}, acknowledged ${counter.acknowledged}, sent ${counter.sent}`)
    strictEqual(Number(shown?.meta?.versionId ?? 0), value, `version of ${counter.id}`)
    counter.acknowledged = value
    counter.sent = value
  }
}

/** False when the unit was cut off and left nothing. */
function settleUnit(model: Model, unit: Unit, byTag: ReadonlyMap<string, Resource>): boolean {
  const expected = unit.created.filter(({ tag }) => !model.deletions.has(tag))
  const present = expected.filter(({ tag }) => byTag.has(tag))
  const tags = unit.created.map(({ tag }) => tag).join(', ')
  if (unit.outcome === 'unknown' && present.length === 0) {
    if (unit.counter !== undefined) strictEqual((model.counters.get(unit.counter.id)?.acknowledged ?? 0) < unit.counter.value, true, `half of ${tags}: only the counter`)
    return false
  }
  strictEqual(present.length, expected.length, `${unit.outcome} ${tags}: ${present.length} of ${expected.length} are there`)
  if (unit.counter !== undefined) strictEqual((model.counters.get(unit.counter.id)?.acknowledged ?? 0) >= unit.counter.value, true, `half of ${tags}: not the counter`)
  for (const sent of expected) verifyContent(model, sent, byTag.get(sent.tag) as Resource)
  unit.outcome = 'acknowledged'
  return true
}

function verifyContent(model: Model, sent: Sent, resource: Resource): void {
  const shown = asSent(resource) as { subject?: unknown }
  const expected = asSent(sent.resource) as { subject?: unknown }
  deepStrictEqual({ ...shown, subject: expected.subject }, { ...expected, subject: expected.subject }, `content of ${sent.tag}`)
  if (expected.subject !== undefined) deepStrictEqual(shown.subject, expected.subject)
  const id = model.ids.get(sent.tag)
  if (id === undefined) model.ids.set(sent.tag, resource.id as string)
  else strictEqual(resource.id, id, `id of ${sent.tag}`)
}

/** Every version of every counter is there, in order, with its number. */
export async function verifyHistories(node: ChildNode, model: Model): Promise<void> {
  const fhir = clientOf(node, 'riverside')
  for (const { id, acknowledged } of model.counters.values()) {
    if (acknowledged === 0) continue
    const { body } = await fhir.send('GET', `Observation/${id}/_history`)
    const values = (body as { entry?: { resource?: Observation }[] }).entry?.map(({ resource }) => resource?.valueQuantity?.value)
    deepStrictEqual(values, Array.from({ length: acknowledged }, (_, index) => acknowledged - index), `history of ${id}`)
  }
}

/** Deleted resources answer that they are gone. */
export async function verifyDeletions(node: ChildNode, model: Model, newest = 20): Promise<void> {
  const fhir = clientOf(node, 'riverside')
  for (const { id, tag } of [...model.deletions.values()].slice(-newest)) {
    strictEqual((await fhir.send('GET', `Observation/${id}`)).status, 410, `${tag} was deleted`)
  }
}

interface AuditRow {
  readonly who: string
  readonly organisation: string
  readonly what: string
  readonly when: string
}

/** The patient's list has what it had, in the same order, and the reader's openings. Returns it, newest first. */
export async function verifyAudit(node: ChildNode, patient: string, before: readonly AuditRow[]): Promise<readonly AuditRow[]> {
  const { token } = await node.ask('patientToken', { patient })
  const answer = await new FhirHttp(`${node.ready.url}/riverside/chiron`, token).send('GET', 'audit')
  strictEqual(answer.status, 200)
  const rows = (answer.body as unknown as readonly AuditRow[]).map(({ who, organisation, what, when }) => ({ who, organisation, what, when }))
  deepStrictEqual(rows.slice(rows.length - before.length), before, 'rows of the list that were there before')
  return rows
}

/** Indexes have taken in every block. Returns the ledger's height. */
export async function verifyLedger(node: ChildNode): Promise<number> {
  const { ledger, indexes } = await node.ask('heights', {})
  deepStrictEqual(indexes, { riverside: ledger, lakeside: ledger })
  return ledger
}

/** Executing all blocks from the first gives the state. */
export async function verifyReplay(node: ChildNode): Promise<void> {
  const { replayed, stateRoot } = await node.ask('replay', {})
  strictEqual(replayed, stateRoot, 'state root of a replay')
}

/** The newest receipts still prove their transactions, under headers that the node's chain still has. */
export async function verifyReceipts(node: ChildNode, directory: string, model: Model, newest = 100): Promise<void> {
  const trust = parseTrust(JSON.parse(readFileSync(join(directory, 'trust.json'), 'utf8')))
  const receipts = model.receipts.slice(-newest).map((text) => decodeReceipt(fromBase64url(text) ?? new Uint8Array()))
  for (const receipt of receipts) {
    const proven = verifyReceipt(receipt, trust)
    deepStrictEqual({ kind: proven.kind, code: proven.kind === 'tx' && proven.code }, { kind: 'tx', code: 0 })
  }
  const { headers } = await node.ask('headers', { heights: receipts.map(({ signed }) => decodeHeader(signed.header).height) })
  deepStrictEqual(headers, receipts.map(({ signed }) => toHex(signed.header)), 'headers that receipts name')
}
