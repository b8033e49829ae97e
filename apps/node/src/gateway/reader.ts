import type { Did } from '@chiron/protocol'

/** Who is asking, as the token says and the ledger confirms. */
export interface Reader {
  /** The person; for a patient, the patient's own identity. */
  readonly did: Did
  /** Login name of a user, such as `physician`; absent for patients and for the gateway itself. */
  readonly user?: string
  /** Id of the Patient resource when the reader is a patient. */
  readonly patientId?: string
  /** The patient's own wallet, for what lies outside FHIR. */
  readonly isWallet?: true
  /** HL7 PurposeOfUse code. */
  readonly purpose: string
  /** SMART-style scopes, such as `user/*.cruds`. */
  readonly scopes: readonly string[]
}

/** Whether a reader's scopes allow an interaction (c, r, u, d or s) on a resource type. */
export function scopeAllows(reader: Reader, type: string, interaction: 'c' | 'r' | 'u' | 'd' | 's'): boolean {
  return reader.scopes.some((scope) => {
    const match = /^(?:user|patient|system)\/(\*|[A-Za-z]+)\.([cruds]+)$/.exec(scope)
    return match !== null && (match[1] === '*' || match[1] === type) && (match[2] ?? '').includes(interaction)
  })
}

/** The types that a reader's scopes let it read; undefined means all. */
export function readableTypes(reader: Reader): readonly string[] | undefined {
  const types = reader.scopes.flatMap((scope) => /^(?:user|patient|system)\/(\*|[A-Za-z]+)\.[cruds]*r[cruds]*$/.exec(scope)?.[1] ?? [])
  return types.includes('*') ? undefined : types
}
