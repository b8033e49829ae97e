import { ClaimDesk } from '../../src/patients/claim-desk.ts'
import { DAY_MS, type Acting, type Action } from './acting.ts'
import { sealCopies } from './wallet-copies.ts'

/** What a patient and a wallet do about keys. */
export function patientActions(acting: Acting) {
  const { world } = acting
  return {
    /** The custodian's desk makes a code; the one before opens nothing any more. */
    async offerClaim(random) {
      const patient = acting.patient(random)
      const custodian = acting.model.kinds.get(patient.did)?.controller
      const organisation = world.cast.organisations.find(({ did }) => did === custodian)
      if (organisation === undefined) return
      await acting.atGateway(organisation, async ({ services, run }) => {
        const desk = new ClaimDesk({ engine: services.engine, organisations: (did) => (did === organisation.did ? organisation : undefined), random: run.bytes, now: run.nowMs })
        const { code } = await desk.offer(patient.handle, random.pick([4_000, 60_000, DAY_MS]))
        patient.code = code
      })
    },

    /** Through any member. */
    claim: (random) =>
      acting.withGateway(random, async (gateway) => {
        const patient = acting.patient(random)
        if (patient.code === undefined || patient.holdsKeys) return
        const message = patient.claimMessage(random, patient.newKeys())
        if (message !== undefined) await gateway.submit([message])
        world.count('claimed')
      }),

    async rotate(random) {
      const patient = acting.patient(random)
      if (!patient.holdsKeys) return
      const { signer } = patient
      const { keyId, publicKey: signingKey, agreementKey } = patient.newKeys()
      await acting.sign(random, signer, { type: 'identity.rotateKey', salt: random.bytes(16), did: patient.did, keyId, signingKey, agreementKey })
    },

    /** The wallet sees to it that it has copies of all keys, and reads its records with nothing else. */
    async copies(random) {
      const patient = acting.patient(random)
      if (patient.holdsKeys) world.count(`copies of ${await sealCopies(acting, random, patient)}`.replace(/\d+/, (n) => (n === '0' ? 'none' : 'some')))
    },

    async delegateWallet(random) {
      const patient = acting.patient(random)
      const to = acting.organisation(random).did
      await acting.sign(random, patient.signer, { type: 'identity.delegate', salt: random.bytes(16), to, purposes: [], until: acting.timeMs + random.pick([10_000, DAY_MS]) })
    },
  } satisfies Record<string, Action>
}
