export { LedgerClient, type Committed } from './client.ts'
export type { LabelView, Network, PatientKeys, RequestView, RuleView } from './responses.ts'
