import { ClaimDesk } from '../../src/patients/claim-desk.ts'
import { DAY_MS, type Acting, type Action } from './acting.ts'
import type { GatewayActor } from './gateway.ts'
import type { PatientActor } from './patients.ts'
import { rotate, sealCopies } from './wallet-copies.ts'

/** The custodian's desk makes a code; the one before opens nothing any more. */
export async function offerClaim({ services, run, organisation }: GatewayActor, patient: PatientActor, forMs: number): Promise<void> {
  const desk = new ClaimDesk({ engine: services.engine, organisations: (did) => (did === organisation.did ? organisation : undefined), random: run.bytes, now: run.nowMs })
  const { code } = await desk.offer(patient.handle, forMs)
  patient.code = code
}

/** What a patient and a wallet do about keys. */
export function patientActions(acting: Acting) {
  const { world } = acting
  return {
    async offerClaim(random) {
      const patient = acting.patientWho(random, ({ holdsKeys }) => !holdsKeys)
      const custodian = patient === undefined ? undefined : acting.model.kinds.get(patient.did)?.controller
      const organisation = world.cast.organisations.find(({ did }) => did === custodian)
      if (patient === undefined || organisation === undefined) return
      await acting.atGateway(organisation, (gateway) => offerClaim(gateway, patient, random.pick([4_000, 60_000, DAY_MS])))
    },

    /** Through any member. */
    claim: (random) =>
      acting.withGateway(random, async (gateway) => {
        const patient = acting.patientWho(random, ({ code, holdsKeys }) => code !== undefined && !holdsKeys)
        if (patient === undefined) return
        const message = patient.claimMessage(random, patient.newKeys())
        if (message !== undefined) await gateway.submit([message])
        world.count('claimed')
      }),

    async rotate(random) {
      const patient = acting.patientWho(random, ({ holdsKeys }) => holdsKeys)
      if (patient !== undefined) await rotate(acting, random, patient)
    },

    /** The wallet sees to it that it has copies of all keys, and reads its records with nothing else. */
    async copies(random) {
      const patient = acting.patientWho(random, ({ holdsKeys }) => holdsKeys)
      if (patient !== undefined) world.count(`copies of ${await sealCopies(acting, random, patient)}`.replace(/\d+/, (n) => (n === '0' ? 'none' : 'some')))
    },

    async delegateWallet(random) {
      const patient = acting.patient(random)
      const to = acting.organisation(random).did
      await acting.sign(random, patient.signer, { type: 'identity.delegate', salt: random.bytes(16), to, purposes: [], until: acting.timeMs + random.pick([10_000, DAY_MS]) })
    },
  } satisfies Record<string, Action>
}
