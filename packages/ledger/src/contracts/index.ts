/** Contracts by name: their errors, limits, queries, keys for proofs. */
export * as access from './access/index.ts'
export * as consent from './consent/index.ts'
export * as custody from './custody/index.ts'
export * as identity from './identity/index.ts'
export * as network from './network/index.ts'
export * as records from './records/index.ts'

export {
  accessDecider, coversRecord, decideRecord, decideWrite, factsOf, recordDecider, recordDeciderFrom, writeDecider, type DecisionFacts, type RecordDecider,
} from './application/decisions.ts'
export { decideOpening } from './application/basis.ts'
export { isCustodial, isLiveMember, nextChange, ownerOf, patientFacts, patientSnapshot, readerFacts } from './application/snapshot.ts'
export { accounts, applicationContracts, mayNameRefused, runtimeParameters, type ApplicationOptions } from './application/wiring.ts'
