import { refusalsOf } from '../refusals.ts'

export const accessErrors = refusalsOf('access', {
  invalid: [1, 'reader, delegation, organisation or handle is not valid'],
  denied: [2, 'not permitted'],
  tooManyOpen: [3, 'too many accesses are open'],
  unknownAccess: [4, 'no such access'],
  notOpen: [5, 'the access has ended'],
  notAuthorised: [6, 'neither the patient nor the organisation of the access'],
  notMember: [7, 'only a live member organisation may do this'],
  notOwnReader: [8, 'the reader is not one of the organisation'],
  unknownPatient: [9, 'nobody owns the handle'],
  countOutOfBounds: [10, 'a count lies outside its bounds'],
  categoryRepeated: [11, 'a category is counted twice'],
  tooManyReports: [12, 'the access has as many reports as it may have'],
})
