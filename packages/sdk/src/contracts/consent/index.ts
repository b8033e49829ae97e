export { anyoneTreating, organisation, person, role } from './grantees.ts'
export * from './messages.ts'
export { denyTerms, permitTerms, type RuleWords } from './terms.ts'
export { Vocabulary } from './vocabulary.ts'
