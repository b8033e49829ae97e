/** Turns a drawn case towards what seldom comes by chance. */
import type { Grantee, RuleTerms } from '@chiron/protocol'
import type { PatientFacts, ReaderFacts } from '@chiron/ledger/decide'
import { didNamed, labelNumbered } from './decide-names.ts'
import type { Draw } from './decide-draw-rules.ts'
import type { ReferenceCase } from './decide-reference.ts'

type Theme = (draw: Draw, c: ReferenceCase) => ReferenceCase

/** The reader may ask: a physician of the organisation, or a person at its gateway. */
function valid(draw: Draw, c: ReferenceCase, kind: 'practitioner' | 'patient'): ReferenceCase {
  const organisation = c.request.organisation
  const did = c.request.reader === organisation ? didNamed('a') : c.request.reader
  const reader: ReaderFacts = {
    ...c.reader, did, kind, organisation, suspended: false, organisationLive: true,
    attestations: [...(draw(3) === 0 ? [{ role: 'laboratory' as const, untilMs: 5_000 }] : []), { role: 'physician', untilMs: 5_000 }], delegation: { purposes: [], untilMs: 5_000 },
  }
  return { ...c, request: { ...c.request, reader: did }, reader }
}

function ofPatient(c: ReferenceCase, fields: Partial<PatientFacts> = {}): ReferenceCase {
  const other = c.request.reader === didNamed('a') ? didNamed('b') : didNamed('a')
  return { ...c, patient: { ...c.patient, owner: { did: other, kind: 'patient', custodial: false }, ...fields } }
}

const reading = (c: ReferenceCase): ReferenceCase => ({ ...c, request: { ...c.request, action: 'read' } })

/** Rules for this reader, now, for this action: mostly. */
const spoken: Theme = (draw, c) => {
  const { reader, organisation, action } = c.request
  const grantees: readonly Grantee[] = [
    { kind: 'person', did: reader }, { kind: 'organisation', did: organisation }, { kind: 'role', role: 'physician' },
    { kind: 'role', role: 'physician', organisation }, { kind: 'role', role: 'laboratory', organisation }, { kind: 'anyone-treating' }, { kind: 'anyone' },
  ]
  const heard = (terms: RuleTerms): RuleTerms => ({
    ...terms,
    grantee: draw(100) < 70 ? (grantees[draw(grantees.length)] as Grantee) : terms.grantee,
    actions: [...new Set([...terms.actions, action])],
    purposes: draw(100) < 40 ? [] : terms.purposes,
    ...(draw(100) < 80 ? { from: 0, until: null } : {}),
  })
  const { rules, orders } = c.patient
  return {
    ...c,
    patient: {
      ...c.patient,
      rules: rules.map(({ id, terms }) => ({ id, terms: heard(terms) })),
      orders: orders.map(({ id, terms }) => ({ id, terms: heard(terms) })),
    },
  }
}

const emergency: Theme = (draw, c) => {
  const asked = reading(valid(draw, c, 'practitioner'))
  const purpose = draw(100) < 70 ? 'BTG' : 'ETREAT'
  const { reader, organisation } = asked.request
  const [first, ...others] = c.patient.emergencies
  const declared = { ...(first ?? { id: new Uint8Array(16).fill(9) as never, fromMs: 0, untilMs: 5_000 }), reader, organisation }
  return spoken(draw, ofPatient({ ...asked, request: { ...asked.request, purpose } }, { emergencies: [declared, ...others] }))
}

function labelled(c: ReferenceCase): ReferenceCase {
  return c.target.kind === 'patient' ? c : { ...c, target: { kind: 'record', record: { ...c.target.record, labels: [labelNumbered(0)] } } }
}

/** Through an organisation's gateway, or through nobody. */
const delegate: Theme = (draw, c) => {
  const through = reading(valid(draw, c, 'patient'))
  const did = through.request.reader
  const asked = draw(4) > 0 ? through : { ...through, request: { ...through.request, organisation: did }, reader: { ...through.reader, organisation: did, delegation: null } }
  const { reader } = asked.request
  const delegates = c.patient.delegates.map((d) => ({ ...d, delegate: draw(100) < 80 ? reader : d.delegate }))
  const owned = ofPatient(draw(3) > 0 ? asked : labelled(asked), { delegates })
  return draw(2) === 0 ? owned : spoken(draw, owned)
}

const staff: Theme = (draw, c) => spoken(draw, ofPatient(valid(draw, c, 'practitioner')))

const endorsed: Theme = (draw, c) => {
  const asked = staff(draw, c)
  const { reader, organisation, purpose } = asked.request
  const endorsements = c.patient.endorsements.map((e) => ({ ...e, reader, organisation, purpose: draw(100) < 80 ? purpose : e.purpose }))
  const asking = (terms: RuleTerms): RuleTerms => (terms.effect === 'permit' && draw(3) === 0 ? { ...terms, conditions: [{ kind: 'second-person' }] } : terms)
  const rules = asked.patient.rules.map(({ id, terms }) => ({ id, terms: asking(terms) }))
  return { ...asked, patient: { ...asked.patient, endorsements, rules } }
}

const author: Theme = (draw, c) => {
  const asked = valid(draw, c, 'practitioner')
  const { target, request } = asked
  if (target.kind !== 'record') return asked
  const written = { ...target.record, ...(draw(2) === 0 ? { author: request.organisation } : { firstAuthor: request.organisation }) }
  return { ...asked, request: { ...request, purpose: 'TREAT' }, target: { kind: 'record', record: written } }
}

/** One denial that speaks, and a permit that names it and is much like it. */
const overridden: Theme = (draw, c) => {
  const asked = staff(draw, c)
  const { rules } = asked.patient
  const permits = rules.filter(({ terms }) => terms.overrides !== null)
  const named = new Set(permits.map(({ terms }) => String(terms.overrides)))
  return { ...asked, patient: { ...asked.patient, orders: [], rules: rules.filter((r) => permits.includes(r) || named.has(String(r.id))) } }
}

export const THEMES: readonly Theme[] = [staff, overridden, emergency, delegate, endorsed, author]
