export type { Issue, IssueCode, IssueSeverity } from './issue.ts'
export { issueOf, outcome, outcomeOf } from './outcome.ts'
export { httpStatusOf, issueCodeOf } from './status.ts'
