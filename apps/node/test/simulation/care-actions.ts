import { fromHex, toHex, type Grantee, type Handle, type Message, type ObjectId, type RecordId } from '@chiron/protocol'
import type { SeededRandom } from '@chiron/testkit/simulation'
import { changeOfLabels, DAY_MS, type Acting, type Action } from './acting.ts'
import { patientId } from './config.ts'
import { TERMS_HASHES } from './drawn-terms.ts'
import { drawIntent } from './intents.ts'
import type { ModelEmergency } from './model.ts'

/** What the people of an organisation do. */
export function careActions(acting: Acting) {
  const { world } = acting

  /** Two of these at once meet, and one of them must lose. */
  const amend = (kind: 'write' | 'delete'): Action => (random) =>
    acting.withGateway(random, async (gateway, organisation) => {
      const rows = [...world.texts.keys()].map((key) => key.split('/')[0] as string)
      if (rows.length === 0) return
      const [row] = await gateway.services.index.rowsOf({ record: fromHex(random.pick(rows)) })
      if (row?.json === undefined) return
      const patients = world.cast.patients.map((_, at) => patientId(at)).filter((id) => row.json?.includes(`Patient/${id}`) === true || row.id === id)
      const intent = drawIntent(random, patients, { type: row.type, id: row.id, kind })
      await gateway.write(random.pick(organisation.practitioners), random.chance(0.3) ? [intent, drawIntent(random, patients)] : [intent])
    })

  return {
    write: (random) =>
      acting.withGateway(random, async (gateway, organisation) => {
        const first = acting.patient(random)
        const other = acting.patient(random)
        const patients = random.chance(0.3) && other.id !== first.id ? [first.id, other.id] : [first.id]
        const intents = Array.from({ length: random.pick([1, 1, 2, 4]) }, () => drawIntent(random, patients))
        await gateway.write(random.pick(organisation.practitioners), intents)
      }),
    amend: amend('write'),
    remove: amend('delete'),

    read: (random) =>
      acting.withGateway(random, async (gateway, organisation) => {
        const shown = await gateway.read(random.pick(organisation.practitioners), acting.patient(random).id, random.chance(0.1) ? random.pick(['BTG', 'ETREAT']) : 'TREAT')
        world.count(shown === undefined ? 'read refused' : shown === 0 ? 'read nothing' : 'read something')
      }),

    treat: (random) =>
      acting.withGateway(random, (gateway) => gateway.submit([{ type: 'consent.registerTreatment', salt: random.bytes(16), patient: acting.patient(random).handle, until: acting.timeMs + random.pick([60_000, DAY_MS]) }])),

    ask: (random) =>
      acting.withGateway(random, async (gateway, organisation) => {
        const reader = random.pick(organisation.practitioners)
        const { handle } = acting.patient(random)
        const grantee: Grantee = random.chance(0.5) ? { kind: 'person', did: reader.did } : { kind: 'organisation', did: organisation.did }
        await gateway.submit([{
          type: 'consent.request', salt: random.bytes(16), patient: handle, reader: reader.did, grantee, purposes: ['TREAT'],
          categories: acting.categories(random, handle), labels: acting.labels(random, handle), actions: ['read'], forMs: random.pick([5_000, 60_000, DAY_MS]),
        }])
      }),

    label: (random) =>
      acting.withGateway(random, async (gateway, organisation) => {
        const own = [...acting.model.records.values()].filter((versions) => versions.at(-1)?.author === organisation.did)
        const head = own.length === 0 ? undefined : random.pick(own).at(-1)
        if (head === undefined) return
        const subject = fromHex(random.pick(head.subjects)) as Handle
        await gateway.submit([{ type: 'records.label', salt: random.bytes(16), record: fromHex(head.record) as RecordId, subject, labels: acting.labels(random, subject), ...changeOfLabels(random) }])
      }),

    delegate: (random) =>
      acting.withGateway(random, async (gateway, organisation) => {
        const message: Message = random.chance(0.3)
          ? { type: 'identity.revokeDelegation', salt: random.bytes(16), to: organisation.did }
          : { type: 'identity.delegate', salt: random.bytes(16), to: organisation.did, purposes: [], until: acting.timeMs + 30 * DAY_MS }
        await gateway.submit([message], random.pick(organisation.practitioners))
      }),

    /** An organisation takes a role back and gives it anew: what rested on it ends in between. */
    fire: (random) =>
      acting.withGateway(random, async (gateway, organisation) => {
        const user = random.pick(organisation.practitioners)
        const attestation = acting.model.attestations.find(({ subject }) => subject === user.did)
        if (attestation !== undefined) await gateway.submit([{ type: 'identity.revokeAttestation', salt: random.bytes(16), attestation: fromHex(attestation.id) as ObjectId }])
        else await gateway.submit([{ type: 'identity.attest', salt: random.bytes(16), subject: user.did, role: 'physician', until: acting.timeMs + 200 * DAY_MS }])
      }),

    acceptTerms: (random) => acting.withGateway(random, (gateway) => gateway.submit([{ type: 'consent.acceptTerms', salt: random.bytes(16), hash: TERMS_HASHES[0] as Uint8Array }])),

    /** Mostly where a patient asked for it; then the reader looks. */
    endorse: (random) =>
      acting.withGateway(random, async (gateway, organisation) => {
        const asking = acting.patientWho(random, ({ handle }) => [...acting.model.rules.values()].some(({ patient, terms }) => patient === toHex(handle) && terms.conditions?.some(({ kind }) => kind === 'second-person') === true))
        const patient = asking !== undefined && random.chance(0.7) ? asking : acting.patient(random)
        const [reader, endorser] = [random.pick(organisation.practitioners), random.pick(organisation.practitioners)]
        await gateway.submit([{
          type: 'access.endorse', salt: random.bytes(16), patient: patient.handle, reader: reader.did, purpose: 'TREAT', endorser: endorser.did, until: acting.timeMs + random.pick([4_000, 30_000, DAY_MS / 4]),
        }])
        await gateway.read(reader, patient.id)
      }),

    /** Declares an emergency, and reads in it. */
    breakGlass: (random) =>
      acting.withGateway(random, async (gateway, organisation) => {
        const reader = random.pick(organisation.practitioners)
        const hidden = acting.patientWho(random, ({ handle }) => [...acting.model.rules.values()].some((rule) => rule.patient === toHex(handle) && rule.terms.absolute === true))
        const patient = hidden !== undefined && random.chance(0.5) ? hidden : acting.patient(random)
        await gateway.submit([{ type: 'access.breakGlass', salt: random.bytes(16), patient: patient.handle, reader: reader.did, reason: 'cannot-be-asked' }])
        const shown = await gateway.read(reader, patient.id, 'BTG')
        world.count(shown === undefined ? 'emergency read refused' : 'emergency read')
      }),

    async confirmEmergency(random) {
      const emergency = declared(acting, random)
      const organisation = world.cast.organisations.find(({ did }) => did === emergency?.organisation)
      if (emergency === undefined || organisation === undefined) return
      const message: Message = { type: 'access.confirmEmergency', salt: random.bytes(16), patient: fromHex(emergency.patient) as Handle, emergency: emergency.key, confirmer: random.pick(organisation.practitioners).did }
      await acting.atGateway(organisation, (gateway) => gateway.submit([message]))
    },

    async reviewEmergency(random) {
      const emergency = declared(acting, random)
      if (emergency === undefined) return
      await acting.withGateway(random, async (gateway, organisation) => {
        const message: Message = {
          type: 'access.reviewEmergency', salt: random.bytes(16), patient: fromHex(emergency.patient) as Handle, emergency: emergency.key, outcome: random.pick(['justified', 'unjustified']), reviewer: random.pick(organisation.practitioners).did,
        }
        await gateway.submit([message])
      })
    },
  } satisfies Record<string, Action>
}

function declared({ model }: Acting, random: SeededRandom): ModelEmergency | undefined {
  const all = [...model.emergencies.values()]
  return all.length === 0 ? undefined : random.pick(all)
}
