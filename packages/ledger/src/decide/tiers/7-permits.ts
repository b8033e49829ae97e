import { AUTHOR_PURPOSES } from '../purposes.ts'
import type { Case } from '../case.ts'
import { idsOf, type TierRule, type Verdict } from './tier.ts'

/**
 * Explicit permits; the Patient resource along with a permit of something else, as far as it identifies the person; the
 * directory for every valid reader; and writing by an organisation with a treating relationship, into new records and
 * its own ones.
 */
export const permits: TierRule = {
  tier: '7',
  name: 'permits',
  judge: (subject) => byRule(subject) ?? byDirectory(subject) ?? byTreatment(subject),
}

function byRule(subject: Case): Verdict | undefined {
  if (subject.permits.length > 0) return { effect: 'permit', code: 'PERMIT_RULE', rules: idsOf(subject.permits) }
  if (subject.implied.length === 0) return undefined
  return { effect: 'permit', code: 'PERMIT_RULE', rules: idsOf(subject.implied), obligations: ['identity-only'] }
}

function byDirectory(subject: Case): Verdict | undefined {
  const { record, request, snapshot } = subject
  if (request.action !== 'read' || snapshot.patient.facts.owner?.kind !== 'organisation') return undefined
  return record === null || subject.has('directory') ? { effect: 'permit', code: 'PERMIT_DIRECTORY' } : undefined
}

function byTreatment({ record, request, standing }: Case): Verdict | undefined {
  if (request.action !== 'write' || !standing.treating || !standing.belongs) return undefined
  if (!AUTHOR_PURPOSES.has(request.purpose)) return undefined
  const writable = record === null || record.author === null || record.author === request.organisation
  return writable ? { effect: 'permit', code: 'PERMIT_TREATING' } : undefined
}
