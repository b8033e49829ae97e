export { clinicalDays } from './clinical-days.ts'
export type { ClinicalDays } from './clinical-days.ts'
