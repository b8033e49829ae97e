import { AUTHOR_PURPOSES } from '../purposes.ts'
import type { TierRule } from './tier.ts'

/**
 * The organisation that authored a record reads and continues it for treatment, payment, operations or a legal duty.
 * The patient narrows this by a standing denial of a person or a role; a denial of the whole organisation, or of anyone
 * treating, does not remove it. For a patient as target: when it authored any entry.
 */
export const author: TierRule = {
  tier: '3b',
  name: 'author',
  judge(subject) {
    const { request, standing, record, snapshot } = subject
    if (!standing.belongs || !AUTHOR_PURPOSES.has(request.purpose)) return undefined
    if (request.action !== 'read' && request.action !== 'write') return undefined
    const authored = record === null ? snapshot.patient.authors.has(request.organisation) : record.author === request.organisation
    if (!authored) return undefined
    const narrowed = subject.denials.some(({ grantee }) => grantee === 'person' || grantee === 'role')
    return narrowed ? undefined : { effect: 'permit', code: 'PERMIT_AUTHOR' }
  },
}
