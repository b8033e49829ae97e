import type { Draft, Fields } from '../../transactions/draft.ts'

/** Admits an organisation. Signed by who governs the network. */
export function addMember(fields: Fields<'network.addMember'>): Draft<'network.addMember'> {
  return { ...fields, type: 'network.addMember' }
}

/** Ends a membership. */
export function removeMember(fields: Fields<'network.removeMember'>): Draft<'network.removeMember'> {
  return { ...fields, type: 'network.removeMember' }
}

/** Says under which country's law a member acts (ISO 3166-1 alpha-2). Signed by who governs the network. */
export function setJurisdiction(fields: Fields<'network.setJurisdiction'>): Draft<'network.setJurisdiction'> {
  return { ...fields, type: 'network.setJurisdiction' }
}

/** Changes a parameter of the network. */
export function setParameter(fields: Fields<'network.setParameter'>): Draft<'network.setParameter'> {
  return { ...fields, type: 'network.setParameter' }
}
