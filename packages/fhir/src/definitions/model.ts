/** An element of a type, as pruned from an R4 StructureDefinition snapshot. */
export interface ElementModel {
  /** Type names; a profile on Quantity is written `Quantity:SimpleQuantity`, a nested element by its path. */
  readonly types: readonly string[]
  readonly required?: true
  readonly many?: true
  /** Upper bound when it is neither 1 nor unbounded. */
  readonly max?: number
  /** Resource types a Reference may name; absent means any. */
  readonly targets?: readonly string[]
  /** Canonical URL (no version) of the value set with a required binding. */
  readonly binding?: string
  readonly constraints?: readonly string[]
  readonly summary?: true
}

/** A resource, datatype or nested element. Nested elements are keyed by path (`Observation.component`). */
export interface TypeModel {
  readonly kind: 'resource' | 'complex' | 'primitive' | 'nested'
  readonly abstract?: true
  readonly elements: Readonly<Record<string, ElementModel>>
  readonly constraints?: readonly string[]
}

export type SearchParameterType = 'token' | 'reference' | 'date' | 'string' | 'quantity' | 'uri' | 'number' | 'special' | 'composite'

/** One way from a resource's root to indexable values: JSON property names, then the FHIR type found there. */
export interface SearchPath {
  readonly at: readonly string[]
  readonly leaf: string
  /** Keep an element at depth `depth` only if its `key` equals `equals`. */
  readonly where?: { readonly depth: number; readonly key: string; readonly equals: string }
  /** Keep a reference only if it names this resource type. */
  readonly resolves?: string
  /** The code system that a `code` element implies. */
  readonly system?: string
  /** The value is whether something other than `false` is present (Patient.deceased). */
  readonly presence?: true
}

export interface SearchParameterModel {
  /** Interned number of (resource type, code), used as key in the index tables. */
  readonly id: number
  readonly code: string
  readonly type: SearchParameterType
  readonly url: string
  readonly paths: readonly SearchPath[]
  readonly targets?: readonly string[]
}

/** What `tools/prepare-definitions.ts` writes to `generated/definitions.json`. */
export interface DefinitionsModel {
  readonly format: 1
  readonly fhirVersion: string
  /** Hash over the interned parameter numbers and paths; an index built under another one must be rebuilt. */
  readonly searchFingerprint: string
  readonly types: Readonly<Record<string, TypeModel>>
  /** Codes by system of each value set with a required binding. */
  readonly valueSets: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  /** FHIRPath of each invariant of severity `error`, by key (`key@path` where a key is used twice). */
  readonly constraints: Readonly<Record<string, string>>
  readonly search: Readonly<Record<string, Readonly<Record<string, SearchParameterModel>>>>
}
