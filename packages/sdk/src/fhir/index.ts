export { FhirClient, type SearchParameters } from './client.ts'
export type { Bundle, BundleEntry, BundleLink, FhirResource, FhirResult } from './resource.ts'
