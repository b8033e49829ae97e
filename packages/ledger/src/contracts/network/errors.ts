import { refusalsOf } from '../refusals.ts'

export const networkErrors = refusalsOf('network', {
  notGovernance: [1, 'only who governs the network may do this'],
  nameTaken: [2, 'the name belongs to another member'],
  alreadyMember: [3, 'already a member'],
  unknownMember: [4, 'not a member'],
  parameterOutOfBounds: [5, 'the value lies outside the bounds of the parameter'],
  mismatch: [6, 'a returning member keeps its name and handle'],
})
