import { refusalsOf } from '../refusals.ts'

export const recordsErrors = refusalsOf('records', {
  notMember: [1, 'only a live member organisation may do this'],
  recorderInvalid: [2, 'the recorder is not the organisation nor one who delegates to it with a live role'],
  versionConflict: [3, 'the version does not follow the newest'],
  notPermitted: [4, 'writing is not permitted'],
  flagsNotAllowed: [5, 'the flags are unknown, contradict each other, or may not change'],
  sizeNotAllowed: [6, 'the size is zero or beyond 32 bits'],
  subjectsNotDistinct: [7, 'a subject is named twice, or tags and subjects do not match'],
  subjectsChanged: [8, 'a later version has the same subjects in the same order'],
  unknownSubject: [9, 'a subject is not a handle of the right kind'],
  unknownRecord: [10, 'no such record'],
  notAuthorised: [11, 'neither the author nor the patient whose labels these are'],
  labelsNotAllowed: [13, 'too many labels, or labels where there is no patient'],
  datesNotAllowed: [14, 'dates of data where there is no patient'],
  custodial: [15, 'a patient whose key another holds takes no label off, except on a sample network'],
})
