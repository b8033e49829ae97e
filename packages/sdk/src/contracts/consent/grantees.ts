import type { Did, Grantee, Role } from '@chiron/protocol'

/** One person, wherever they work. */
export const person = (did: Did): Grantee => ({ kind: 'person', did })
/** Everyone who works for an organisation. */
export const organisation = (did: Did): Grantee => ({ kind: 'organisation', did })
/** Everyone with an attested role, at any member. */
export const role = (name: Role): Grantee => ({ kind: 'role', role: name })
/** Everyone with an attested role at one organisation. */
export const roleAt = (name: Role, organisation: Did): Grantee => ({ kind: 'role', role: name, organisation })
/** Everyone who works for any member. */
export const anyone = (): Grantee => ({ kind: 'anyone' })
/** Whoever has a registered treating relationship that the patient has not contested. */
export const anyoneTreating = (): Grantee => ({ kind: 'anyone-treating' })
