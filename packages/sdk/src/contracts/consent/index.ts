export { anyoneTreating, organisation, person, role } from './grantees.ts'
export * from './messages.ts'
export { approvalTerms, denyTerms, permitTerms, type Asked, type RuleWords } from './terms.ts'
export { Vocabulary } from './vocabulary.ts'
