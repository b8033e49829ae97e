export { parseReference } from './parse.ts'
export type { ParsedReference } from './parse.ts'
export { listReferences, mapReferences } from './map.ts'
export type { FoundReference } from './map.ts'
