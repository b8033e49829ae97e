const VIRTUAL = new Set(['AuditEvent', 'Consent'])

/** Types that are read from the ledger and never stored as records. */
export function isVirtualType(type: string): boolean {
  return VIRTUAL.has(type)
}
