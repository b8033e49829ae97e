export { approve, deny, request } from './requests.ts'
export { grant, modify, revoke } from './rules.ts'
export { contestTreatment, registerTreatment } from './treatments.ts'
