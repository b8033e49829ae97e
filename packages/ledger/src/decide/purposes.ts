/**
 * HL7 PurposeOfUse codes (terminology.hl7.org, v3-ActReason) for which an author uses its own records: treatment,
 * payment, operations, a legal duty. Codes below them in HL7's hierarchy are codes of their own and are not included.
 */
export const AUTHOR_PURPOSES: ReadonlySet<string> = new Set(['TREAT', 'HPAYMT', 'HOPERAT', 'HLEGAL'])
