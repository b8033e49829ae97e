export { anyone, anyoneTreating, organisation, person, role, roleAt } from './grantees.ts'
export * from './messages.ts'
export { approvalTerms, delegateScope, denyTerms, permitTerms, type Asked, type DelegateWords, type DenialWords, type PermitWords, type RuleWords } from './terms.ts'
export { Vocabulary } from './vocabulary.ts'
