/** The contracts refused a transaction that was to make the state of a test. */
export class AuditNetworkError extends Error {
  override readonly name = 'AuditNetworkError'
  readonly code = 'ERR_AUDIT_NETWORK_REFUSED'
}
