import { refusalsOf } from '../refusals.ts'

export const custodyErrors = refusalsOf('custody', {
  notGovernance: [1, 'only who governs the network may do this'],
  keyholdersNotDistinct: [2, 'a keyholder stands twice in the set'],
  keyNotAcceptable: [3, 'a key of a keyholder is not acceptable'],
  thresholdOutOfBounds: [4, 'the threshold must lie between f+1 and n−f'],
  setNotCurrent: [5, 'the receipts are of a set that is not the current one'],
  unknownKeyholder: [6, 'a receipt is of nobody in the set'],
  receiptRepeated: [7, 'a keyholder has two receipts'],
  receiptInvalid: [8, 'the signature of a receipt is not valid'],
  tooFewReceipts: [9, 'fewer receipts than n−f'],
  unknownBatch: [10, 'no batch with this root misses a receipt'],
  notKeyholder: [11, 'only a keyholder may do this'],
  logShrunk: [12, 'a release log only grows'],
})
