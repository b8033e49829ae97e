import { claimIdentity, PatientClient, type PatientWallet } from '@chiron/sdk/patient'
import type { Organisation, TestNode } from '../gateway/harness.ts'
import { observation, patient } from '../gateway/resources.ts'

const HOUR_MS = 3_600_000

/** A patient of riverside with some records, written before any claim. */
export async function admit(started: TestNode, observations = 2): Promise<string> {
  const hospital = await started.as('riverside', 'physician')
  const { id } = (await hospital.create(patient())).expect(201).resource
  for (let n = 0; n < observations; n++) (await hospital.create(observation(id as string, 'laboratory'))).expect(201)
  return id as string
}

export async function offer(started: TestNode, patientId: string, forMs = HOUR_MS): Promise<string> {
  return (await started.node.claimDesk.offer(started.node.desk.handle(patientId), forMs)).code
}

/** Keeps a wallet in memory, as a file would. */
export class KeptWallet {
  latest: PatientWallet | undefined
  readonly steps: PatientWallet[] = []
  readonly keep = async (wallet: PatientWallet): Promise<void> => {
    this.latest = wallet
    this.steps.push(wallet)
  }
}

export async function claim(started: TestNode, code: string, organisation: Organisation = 'riverside', kept = new KeptWallet()): Promise<PatientWallet> {
  return await claimIdentity({ base: `${started.url}/${organisation}`, trust: started.trust, code, wallet: kept.latest }, kept.keep)
}

export function clientOf(started: TestNode, wallet: PatientWallet, organisation: Organisation = 'riverside'): PatientClient {
  return new PatientClient({ base: `${started.url}/${organisation}`, trust: started.trust, wallet })
}
