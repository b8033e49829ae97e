export { LedgerClient, type Committed } from './client.ts'
export type { Network, PatientKeys, RequestView, RuleView } from './responses.ts'
