/** HL7 PurposeOfUse as its page prints it, indented (v3-ActReason 3.1.0): what lies below what, read anew from the text. */
const PRINTED = `
HMARKT
HOPERAT
  CAREMGT
  DONAT
  FRAUD
  GOV
  HACCRED
  HCOMPL
  HDECD
  HDIRECT
  HDM
  HLEGAL
  HOUTCOMS
  HPRGRP
  HQUALIMP
  HSYSADMIN
    LABELING
    METAMGT
  MEMADMIN
  MILCDM
  PATADMIN
  PATSFTY
  PERFMSR
  RECORDMGT
  SYSDEV
    HTEST
  TRAIN
  MLTRAINING
HPAYMT
  CLMATTCH
  COVAUTH
  COVERAGE
    ELIGDTRM
    ELIGVER
    ENROLLM
    MILDCRG
  REMITADV
  PMTDS
HRESCH
  BIORCH
  CLINTRCH
    CLINTRCHNPC
    CLINTRCHPC
    PRECLINTRCH
  DSRCH
  POARCH
  TRANSRCH
PATRQT
  FAMRQT
  PWATRNY
  SUPNWK
PUBHLTH
  DISASTER
  THREAT
TREAT
  CLINTRL
  COC
  ETREAT
    BTG
    ERTREAT
  POPHLTH
  TREATDS
`

/** Codes in the order in which they are printed. */
export const PRINTED_PURPOSES: readonly { readonly code: string; readonly depth: number }[] = PRINTED.trim()
  .split('\n')
  .map((line) => ({ code: line.trim(), depth: (line.length - line.trimStart().length) / 2 }))

/** Whether `code` is `other`, or printed somewhere below it. */
export function isBelow(code: string, other: string): boolean {
  if (code === other) return true
  let at = PRINTED_PURPOSES.findIndex((line) => line.code === code)
  let depth = PRINTED_PURPOSES[at]?.depth ?? 0
  for (; at >= 0 && depth > 0; at--) {
    const line = PRINTED_PURPOSES[at]
    if (line === undefined || line.depth >= depth) continue
    depth = line.depth
    if (line.code === other) return true
  }
  return false
}
