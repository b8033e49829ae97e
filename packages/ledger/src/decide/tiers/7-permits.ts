import { AUTHOR_PURPOSES } from '../purposes.ts'
import type { Case } from '../case.ts'
import { permitBy, type TierRule, type Verdict } from './tier.ts'

/**
 * Explicit permits; the Patient resource along with a permit of something else, as far as it identifies the person; the
 * directory for every valid reader; and writing by an organisation with a treating relationship, into new records and
 * its own ones. What a delegation reaches is left to tier 8.
 */
export const permits: TierRule = {
  tier: '7',
  name: 'permits',
  judge(subject) {
    if (subject.standing.delegations.length > 0 && subject.delegations.length > 0) return undefined
    return permitBy(subject.rules, 'PERMIT_RULE') ?? byDirectory(subject) ?? byTreatment(subject)
  },
}

function byDirectory(subject: Case): Verdict | undefined {
  const { record, request, snapshot } = subject
  if (request.action !== 'read' || snapshot.patient.facts.owner?.kind !== 'organisation') return undefined
  return record === null || subject.has('directory') ? { effect: 'permit', code: 'PERMIT_DIRECTORY' } : undefined
}

function byTreatment(subject: Case): Verdict | undefined {
  const { record, request, standing } = subject
  if (request.action !== 'write' || !standing.treating || !standing.belongs) return undefined
  if (!AUTHOR_PURPOSES.has(request.purpose)) return undefined
  const isWritable = record === null || record.author === null || subject.isAuthored
  return isWritable ? { effect: 'permit', code: 'PERMIT_TREATING' } : undefined
}
