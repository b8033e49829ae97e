import { fromHex, type Message, type ObjectId, type RecordId } from '@chiron/protocol'
import type { SeededRandom } from '@chiron/testkit/simulation'
import { EngineError } from '../../src/engine/errors.ts'
import type { Acting, Action } from './acting.ts'
import { drawTerms } from './drawn-terms.ts'
import { partyLike, type Party } from './parties.ts'

/** What those do who hold a key that they should not use so, or hold it no longer. */
export function attacks(acting: Acting) {
  const { world } = acting

  async function askKeyholder(random: SeededRandom, request: Uint8Array): Promise<void> {
    const { config, network, clients } = world
    const at = random.below(config.keyholders)
    const spread = config.topology === 'spread'
    await network.call(clients, world.machine(spread ? `keyholder ${at}` : 'node'), spread ? 'release' : `release ${at}`, request, 4_000)
  }

  return {
    /** A gateway's key in wrong hands: asks keyholders for what its own program would not, or in another's name. */
    forge: (random) =>
      acting.withGateway(random, async (gateway, organisation) => {
        const accesses = [...acting.model.accesses.values()]
        const records = [...acting.model.records.values()].flatMap((versions) => versions.map(({ record, version }): [RecordId, number] => [fromHex(record) as RecordId, version]))
        if (accesses.length === 0 || records.length === 0) return
        const way = random.weighted({ plain: 3, otherReader: 1, otherGateway: 1, otherSigner: 1, asWallet: 2.5 })
        const other = random.pick(world.cast.organisations)
        const patient = acting.patient(random)
        const mine = accesses.filter((access) => access.organisation === (way === 'asWallet' ? patient.did : organisation.did))
        const access = random.pick((way === 'asWallet' || random.chance(0.6)) && mine.length > 0 ? mine : accesses)
        const request = await gateway.forge(random, {
          access: fromHex(access.id) as ObjectId,
          reader: way === 'asWallet' ? patient.did : way === 'otherReader' ? random.pick(other.practitioners).did : access.reader,
          records: random.some(records, Math.min(1, 4 / records.length)).slice(0, 20).concat([random.pick(records)]),
          ...(way === 'otherGateway' ? { gateway: other } : {}),
          ...(way === 'asWallet' ? { gateway: patient.signer, signer: random.pick([patient.first, patient.signer, patient.signer, other]) } : {}),
          ...(way === 'otherSigner' ? { gateway: world.cast.organisations.find(({ did }) => did === access.organisation) as Party, signer: other } : {}),
        })
        world.requests.push(request)
        await askKeyholder(random, request)
      }),

    /** Somebody sends an old release request again. */
    async again(random) {
      const { requests } = world
      if (requests.length > 0) await askKeyholder(random, random.pick(requests.slice(-30)))
    },

    /** Somebody sends an old transaction again. */
    async resend(random) {
      const old = world.checker.transactions()
      if (old.length === 0) return
      try {
        await world.network.call(world.clients, world.ledger, 'submit', random.pick(old), 2_000)
      } catch (error) {
        if (error instanceof EngineError && error.code === 'ERR_ENGINE_TX_INVALID') world.checker.fail('P4', 'who sends a committed transaction again is told that it is not valid')
        throw error
      }
    },

    /** An organisation's key in wrong hands: transactions that no contract may take. */
    async cheat(random) {
      const organisation = acting.organisation(random)
      const patient = acting.patient(random)
      const { handle } = patient
      const bytes = (n: number): Uint8Array => random.bytes(n)
      const way = random.weighted({ receipts: 2, rule: 1, open: 1, owner: 2, emergency: 1, rotate: 1 })
      const entry = {
        record: bytes(16) as RecordId, version: 1, flags: 0, subjects: [handle], category: acting.vocabulary.category(handle, 'laboratory'), labels: [],
        ciphertext: bytes(32), size: 400, keyCommitment: bytes(32), shareRoot: bytes(32),
      }
      const made = partyLike(patient.first, `made by ${organisation.name} ${random.below(1_000)}`, 2, world.config.signing)
      const messages: Record<typeof way, () => Message> = {
        receipts: () => ({ type: 'records.put', salt: bytes(16), recorder: organisation.did, purpose: 'TREAT', entries: [entry], custodySet: 1, receipts: world.cast.keyholders.map(({ did }) => ({ keyholder: did, signature: bytes(64) })) }),
        rule: () => ({ type: 'consent.grant', salt: bytes(16), patient: handle, terms: drawTerms(acting, random, handle, 'permit') }),
        owner: () => ({ type: 'consent.grant', salt: bytes(16), patient: handle, terms: drawTerms(acting, random, handle, 'permit') }),
        open: () => ({ type: 'access.open', salt: bytes(16), openings: [{ patient: handle, reader: organisation.did, purpose: random.pick(['TREAT', 'HRESCH', 'BTG', 'ETREAT']), action: 'read' }] }),
        emergency: () => ({ type: 'access.breakGlass', salt: bytes(16), patient: handle, reader: random.pick([organisation.did, patient.did, acting.organisation(random).practitioners[0]?.did ?? organisation.did]), reason: 'disaster' }),
        rotate: () => ({ type: 'identity.rotateKey', salt: bytes(16), did: patient.did, keyId: `k${(acting.model.keys.get(patient.did)?.number ?? 1) + 1}`, signingKey: made.publicKey, agreementKey: made.agreementKey }),
      }
      if (way === 'rotate' && !acting.model.claimed.has(patient.did)) return
      await acting.sign(random, way === 'owner' ? { did: patient.did, keyId: patient.signer.keyId, sign: (message) => organisation.sign(message) } : organisation, messages[way]())
    },

    /** The custodian of old opens a chart in the name of its patient, as it could before the claim. */
    async asPatient(random) {
      const patient = acting.patientWho(random, ({ holdsKeys }) => holdsKeys)
      const custodian = world.custodianOf(patient)
      if (patient === undefined || custodian === undefined) return
      await acting.sign(random, custodian, { type: 'access.open', salt: random.bytes(16), openings: [{ patient: patient.handle, reader: patient.did, purpose: 'PATRQT', action: 'read' }] })
    },

    /** Whoever kept a key that is no longer the patient's: the custodian, or a thief of an old wallet. */
    async oldKey(random) {
      const patient = acting.patientWho(random, ({ past }) => past.length > 0)
      if (patient === undefined) return
      const key = random.pick(patient.past)
      const keyId = random.chance(0.5) ? key.keyId : patient.signer.keyId
      const message: Message = random.chance(0.7)
        ? { type: 'consent.grant', salt: random.bytes(16), patient: patient.handle, terms: drawTerms(acting, random, patient.handle, 'permit') }
        : { type: 'access.open', salt: random.bytes(16), openings: [{ patient: patient.handle, reader: patient.did, purpose: 'PATRQT', action: 'read' }] }
      await acting.sign(random, { did: patient.did, keyId, sign: (bytes) => key.sign(bytes) }, message)
    },

    /** Somebody claims a patient without the code, or with one that was used. */
    falseClaim: (random) =>
      acting.withGateway(random, async (gateway) => {
        const patient = acting.patientWho(random, ({ code }) => code !== undefined)
        if (patient === undefined) return
        const thief = partyLike(patient.first, `thief ${random.below(1_000)}`, 2, world.config.signing)
        const isUsed = acting.model.claimed.has(patient.did) && random.chance(0.5)
        const message = patient.claimMessage(random, thief, isUsed ? undefined : thief)
        if (message !== undefined) await gateway.submit([message])
      }),
  } satisfies Record<string, Action>
}
