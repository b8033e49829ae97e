import { fromHex, toHex, type Handle, type ObjectId, type RecordId, type RuleTerms } from '@chiron/protocol'
import type { SeededRandom } from '@chiron/testkit/simulation'
import type { Committed } from '../../src/engine/engine.ts'
import { changeOfLabels, type Acting, type Action } from './acting.ts'
import { drawOverride, drawTerms } from './drawn-terms.ts'
import type { ModelRule } from './model.ts'
import type { PatientActor } from './patients.ts'

/** What patients decide. */
export function consentActions(acting: Acting) {
  const { sign } = bound(acting)

  function ruleOf(random: SeededRandom, effect?: 'permit' | 'deny'): { readonly patient: PatientActor; readonly rule: ModelRule } | undefined {
    const patient = acting.patient(random)
    const rules = [...acting.model.rules.values()].filter((rule) => rule.patient === toHex(patient.handle) && (effect === undefined || rule.terms.effect === effect))
    return rules.length === 0 ? undefined : { patient, rule: random.pick(rules) }
  }

  async function grant(random: SeededRandom, patient: PatientActor, terms: RuleTerms): Promise<Committed> {
    return await sign(random, patient.signer, { type: 'consent.grant', salt: random.bytes(16), patient: patient.handle, terms })
  }

  const rule = (effect: 'permit' | 'deny'): Action => async (random) => {
    const patient = acting.patient(random)
    await grant(random, patient, drawTerms(acting, random, patient.handle, effect))
  }

  return {
    grant: rule('permit'),
    deny: rule('deny'),

    /** What stays hidden in an emergency, too. */
    async hide(random) {
      const patient = acting.patient(random)
      const { conditions: _conditions, ...terms } = drawTerms(acting, random, patient.handle, 'deny')
      const grantee: RuleTerms['grantee'] = random.chance(0.5) ? { kind: 'anyone' } : { kind: 'organisation', did: acting.organisation(random).did }
      await grant(random, patient, { ...terms, grantee, purposes: [], from: acting.timeMs, until: null, absolute: true })
    },

    async override(random) {
      const found = ruleOf(random, 'deny')
      if (found !== undefined) await grant(random, found.patient, drawOverride(acting, random, found.patient.handle, found.rule))
    },

    async revoke(random) {
      const found = ruleOf(random)
      if (found !== undefined) await sign(random, found.patient.signer, { type: 'consent.revoke', salt: random.bytes(16), patient: found.patient.handle, rule: found.rule.key })
    },

    async modify(random) {
      const found = ruleOf(random)
      if (found === undefined) return
      const { patient, rule: { key, terms } } = found
      await sign(random, patient.signer, { type: 'consent.modify', salt: random.bytes(16), patient: patient.handle, rule: key, terms: drawTerms(acting, random, patient.handle, terms.effect) })
    },

    async answer(random) {
      const patient = acting.patient(random)
      const asked = [...acting.model.requests].filter(([, request]) => request.patient === toHex(patient.handle))
      if (asked.length === 0) return
      const [id, { message }] = random.pick(asked)
      const answer = { salt: random.bytes(16), patient: patient.handle, request: fromHex(id) as ObjectId }
      if (random.chance(0.25)) return void (await sign(random, patient.signer, { type: 'consent.deny', ...answer }))
      const from = acting.timeMs
      const { grantee, purposes, categories, labels, actions, forMs } = message
      const terms: RuleTerms = { effect: 'permit', grantee, purposes, categories, labels, records: [], actions, from, until: from + forMs, overrides: null }
      await sign(random, patient.signer, { type: 'consent.approve', ...answer, terms })
    },

    async contest(random) {
      const patient = acting.patient(random)
      await sign(random, patient.signer, { type: 'consent.contestTreatment', salt: random.bytes(16), patient: patient.handle, organisation: acting.organisation(random).did })
    },

    async close(random) {
      const patient = acting.patient(random)
      const open = [...acting.model.accesses.values()].filter((access) => access.open && access.patient === toHex(patient.handle))
      if (open.length === 0) return
      await sign(random, patient.signer, { type: 'access.close', salt: random.bytes(16), patient: patient.handle, access: fromHex(random.pick(open).id) as ObjectId })
    },

    async labelOwn(random) {
      const patient = acting.patient(random)
      const record = ownRecord(acting, random, patient.handle)
      if (record !== undefined) await sign(random, patient.signer, { type: 'records.label', salt: random.bytes(16), record, subject: patient.handle, labels: acting.labels(random, patient.handle), ...changeOfLabels(random) })
    },

    async contestEmergency(random) {
      const declared = [...acting.model.emergencies.values()]
      if (declared.length === 0) return
      const { patient: handle, key } = random.pick(declared)
      const patient = acting.world.patients.find((each) => toHex(each.handle) === handle)
      if (patient !== undefined) await sign(random, patient.signer, { type: 'access.contestEmergency', salt: random.bytes(16), patient: patient.handle, emergency: key })
    },
  } satisfies Record<string, Action>
}

function bound(acting: Acting): Pick<Acting, 'sign'> {
  return { sign: (random, signer, message) => acting.sign(random, signer, message) }
}

function ownRecord(acting: Acting, random: SeededRandom, handle: Handle): RecordId | undefined {
  const own = [...acting.model.records.values()].filter((versions) => versions.at(-1)?.subjects.includes(toHex(handle)))
  return own.length === 0 ? undefined : (fromHex(random.pick(own)[0]?.record ?? '') as RecordId)
}
