/**
 * HL7 PurposeOfUse (code system v3-ActReason 3.1.0, package hl7.terminology.r4 7.0.1): the codes right below each code.
 * Facts of the standard; a purpose that is not among them is a code of its own.
 */
const BELOW: Readonly<Record<string, string>> = {
  HOPERAT:
    'CAREMGT DONAT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS HPRGRP HQUALIMP HSYSADMIN MEMADMIN MILCDM MLTRAINING PATADMIN PATSFTY PERFMSR RECORDMGT SYSDEV TRAIN',
  HSYSADMIN: 'LABELING METAMGT',
  SYSDEV: 'HTEST',
  HPAYMT: 'CLMATTCH COVAUTH COVERAGE PMTDS REMITADV',
  COVERAGE: 'ELIGDTRM ELIGVER ENROLLM MILDCRG',
  HRESCH: 'BIORCH CLINTRCH DSRCH POARCH TRANSRCH',
  CLINTRCH: 'CLINTRCHNPC CLINTRCHPC PRECLINTRCH',
  PATRQT: 'FAMRQT PWATRNY SUPNWK',
  PUBHLTH: 'DISASTER THREAT',
  TREAT: 'CLINTRL COC ETREAT POPHLTH TREATDS',
  ETREAT: 'BTG ERTREAT',
}

/** Break the glass: what no permit covers, see tier 4. */
export const BREAK_GLASS = 'BTG'

/** Each code below another with all above it, nearest first. */
export const PURPOSES_ABOVE: ReadonlyMap<string, readonly string[]> = closure()

/**
 * Purposes for which an author uses its own records: treatment, payment, operations, a legal duty. Exactly these: the
 * codes below them reach into research and training.
 */
export const AUTHOR_PURPOSES: ReadonlySet<string> = new Set(['TREAT', 'HPAYMT', 'HOPERAT', 'HLEGAL'])

/** Purposes under which a declared emergency is read. */
export const EMERGENCY_PURPOSES: ReadonlySet<string> = new Set([BREAK_GLASS, 'ETREAT'])

/** The purpose and those above it: who names one of them means it as well. */
export function namesOfPurpose(purpose: string): readonly string[] {
  return [purpose, ...(PURPOSES_ABOVE.get(purpose) ?? [])]
}

/** Whether a purpose is another, or lies below it. */
export function isPurposeWithin(purpose: string, other: string): boolean {
  return purpose === other || (PURPOSES_ABOVE.get(purpose) ?? []).includes(other)
}

/**
 * Whether a delegation for `named` purposes (none: all) lets a gateway act for a purpose. Breaking the glass must be
 * named itself.
 */
export function isPurposeDelegated(named: readonly string[], purpose: string): boolean {
  if (named.length === 0) return true
  return purpose === BREAK_GLASS ? named.includes(purpose) : named.some((name) => isPurposeWithin(purpose, name))
}

function closure(): ReadonlyMap<string, readonly string[]> {
  const parents = new Map(Object.entries(BELOW).flatMap(([parent, codes]) => codes.split(' ').map((code) => [code, parent] as const)))
  const above = (code: string): string[] => {
    const parent = parents.get(code)
    return parent === undefined ? [] : [parent, ...above(parent)]
  }
  return new Map([...parents.keys()].map((code) => [code, above(code)]))
}
