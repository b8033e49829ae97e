import type { TierRule } from './tier.ts'

/**
 * Patients read their own, unless another holds their key outside a sample network (the key would open what its
 * custodian may not). An organisation reads and writes its own directory and internal list.
 */
export const own: TierRule = {
  tier: '2',
  name: 'own',
  judge({ standing, request, snapshot }) {
    const owner = snapshot.patient.facts.owner
    if (owner === null) return undefined
    const isOwn =
      owner.kind === 'patient'
        ? owner.did === request.reader && !owner.custodial && request.action === 'read'
        : owner.did === request.organisation && standing.belongs && (request.action === 'read' || request.action === 'write')
    return isOwn ? { effect: 'permit', code: 'PERMIT_OWN' } : undefined
  },
}
