export { label } from './label.ts'
export { put } from './put.ts'
