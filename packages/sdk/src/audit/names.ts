import { concatBytes, decodeCanonical, didBytes, equalBytes, formatDid, schema, utf8, type Did, type Handle } from '@chiron/protocol'
import * as v from 'valibot'

/** A fact of the ledger, proven or about to be. */
export interface Fact {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** What facts say about who is who. */
export interface ProvenNames {
  /** Members' names by DID. */
  readonly members: ReadonlyMap<Did, string>
  /** Roles by person and organisation. */
  readonly roles: readonly { readonly did: Did; readonly organisation: Did; readonly role: string }[]
  /** The patient whose handle this is. */
  readonly owner: Did | undefined
}

const MEMBER = utf8('net/m/')
const ATTESTATION = utf8('id/a/')
const OWNER = utf8('id/h/')

const memberFact = v.strictObject({
  name: schema.memberName, handle: schema.handle, sinceMs: schema.timeMs, removedMs: v.nullable(schema.timeMs),
  jurisdiction: v.exactOptional(schema.jurisdiction),
})
const attestationFact = v.strictObject({ issuer: schema.did, organisation: schema.did, role: schema.role, sinceMs: schema.timeMs, untilMs: schema.timeMs })

/** Key of the fact that gives a member its name. SPEC-STATE-NET. */
export const memberKey = (did: Did): Uint8Array => concatBytes(MEMBER, didBytes(did))
/** What the keys of all attested roles of a person begin with. */
export const attestationPrefix = (did: Did): Uint8Array => concatBytes(ATTESTATION, didBytes(did))
/** Key of the fact that says whose handle it is. */
export const ownerKey = (handle: Handle): Uint8Array => concatBytes(OWNER, handle)

/**
 * Reads what names people and organisations for the list of `handle`; other facts are passed over.
 * @throws ProtocolError for a fact of these tables that does not decode
 */
export function namesFrom(facts: readonly Fact[], handle: Handle): ProvenNames {
  const members = new Map<Did, string>()
  const roles: { did: Did; organisation: Did; role: string }[] = []
  let owner: Did | undefined
  for (const { key, value } of facts) {
    if (startsWith(key, MEMBER)) members.set(didIn(key, MEMBER), decodeCanonical(memberFact, value).name)
    else if (startsWith(key, ATTESTATION)) {
      const { organisation, role } = decodeCanonical(attestationFact, value)
      roles.push({ did: didIn(key, ATTESTATION), organisation, role })
    } else if (equalBytes(key, ownerKey(handle))) owner = decodeCanonical(schema.did, value)
  }
  return { members, roles, owner }
}

/** An organisation by its name, or by its DID when no fact names it. */
export function formatOrganisation(names: ProvenNames, did: Did): string {
  return names.members.get(did) ?? did
}

/** A person as role and DID, the patient as such, an organisation that acts for itself by its name. */
export function formatPerson(names: ProvenNames, did: Did, organisation: Did): string {
  if (did === names.owner) return `patient (${did})`
  if (did === organisation) return formatOrganisation(names, did)
  const roles = names.roles.filter((entry) => entry.did === did && entry.organisation === organisation).map(({ role }) => role)
  return roles.length === 0 ? did : `${[...new Set(roles)].toSorted().join(', ')} (${did})`
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, prefix.length), prefix)
}

function didIn(key: Uint8Array, prefix: Uint8Array): Did {
  return formatDid(key.subarray(prefix.length, prefix.length + 20))
}
