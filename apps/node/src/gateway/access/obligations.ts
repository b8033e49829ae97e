import { NOTICE_URL } from '@chiron/fhir'
import type { Decision } from '@chiron/ledger/decide'

/**
 * What this gateway does with what is permitted: it shows no more of a Patient than identifies; that an access was a
 * delegate's, or is to be reviewed, stands in the patient's list and in the state by itself, as every access does.
 */
const MET: ReadonlySet<string> = new Set(['identity-only', 'list-as-delegate', 'review-emergency', 'AOD', 'AUDIT', 'AUDTR'])

/** Codes that bind whoever receives the data: met by telling them, in `meta.security` of what is served. */
const TOLD: ReadonlySet<string> = new Set([
  'CPLYCC', 'CPLYCD', 'CPLYJPP', 'CPLYJSP', 'CPLYOPP', 'CPLYOSP', 'CPLYPOL', 'DELAU', 'PERSISTLABEL', 'PRIVMARK',
  'NOCOLLECT', 'NOINTEGRATE', 'NOLIST', 'NOMOU', 'NOORGPOL', 'NOPERSISTP', 'NORDSCLCD', 'NORDSCLCDS', 'NORDSCLW', 'NORDSLCD', 'NORELINK', 'NOREUSE', 'ORCON',
])

/** Whether a record may be shown: it is permitted, and every obligation is one that this gateway meets. */
export function mayShow({ effect, obligations }: Pick<Decision, 'effect' | 'obligations'>): boolean {
  return effect === 'permit' && obligations.every((obligation) => MET.has(obligation) || TOLD.has(obligation))
}

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
/** 42 CFR 2.32(a): the short form of the notice that goes with each disclosure. */
const PART_2_NOTICE = '42 CFR part 2 prohibits unauthorized use or disclosure of these records.'

interface Served {
  readonly meta?: { readonly security?: readonly { readonly system?: string; readonly code?: string }[]; readonly extension?: readonly object[] }
}

/**
 * The JSON of a resource with what its reader must be told: codes of obligations in `meta.security`; for data about
 * substance use that is disclosed to another than its author or its patient, the mark and notice of 42 CFR Part 2 as
 * well. As it was where there is nothing to tell.
 */
export function tell(text: string, obligations: readonly string[], isPart2: boolean): string {
  const codes = obligations.filter((obligation) => TOLD.has(obligation))
  if (codes.length === 0 && !isPart2) return text
  const resource = JSON.parse(text) as Served
  const security = resource.meta?.security ?? []
  const wanted = isPart2 ? [...codes, '42CFRPart2', 'NORDSCLCD'] : codes
  const missing = [...new Set(wanted)].filter((code) => !security.some((coding) => coding.system === ACT_CODE && coding.code === code))
  const meta = {
    ...resource.meta,
    ...(isPart2 ? { extension: [...(resource.meta?.extension ?? []), { url: NOTICE_URL, valueString: PART_2_NOTICE }] } : {}),
    security: [...security, ...missing.map((code) => ({ system: ACT_CODE, code }))],
  }
  return JSON.stringify({ ...resource, meta })
}
