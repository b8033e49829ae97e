import { AUTHOR_PURPOSES } from '../purposes.ts'
import type { TierRule } from './tier.ts'

/**
 * The organisations that authored a record's newest version and its first read and continue it for treatment, payment,
 * operations or a legal duty. The patient narrows this by a standing denial of a person or a role; a denial of the whole
 * organisation, or of anyone, does not remove it. For a patient as target: when it authored any entry.
 */
export const author: TierRule = {
  tier: '3b',
  name: 'author',
  judge(subject) {
    const { request, standing, rules } = subject
    if (!standing.belongs || !AUTHOR_PURPOSES.has(request.purpose)) return undefined
    if (request.action !== 'read' && request.action !== 'write') return undefined
    if (!subject.isAuthored || rules.denials.some(({ shape }) => shape.isPersonal)) return undefined
    return { effect: 'permit', code: 'PERMIT_AUTHOR' }
  },
}
