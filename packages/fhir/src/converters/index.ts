export { auditEventFrom } from './audit-event.ts';
export type { AccessRecord } from './audit-event.ts';
export { consentFrom } from './consent-from.ts';
export { ruleFromConsent } from './rule-from-consent.ts';
export type { ConsentRule, Grantee, RuleAction } from './consent-codes.ts';
