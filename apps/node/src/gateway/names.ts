import type { Did } from '@chiron/protocol'
import { identity, network, type StateReader } from '@chiron/ledger'

/** A user of an organisation, as the node that serves it knows them. */
export interface NamedUser {
  readonly did: Did
  readonly organisation: string
  readonly user: string
}

/** Names behind DIDs: organisations from the ledger, users from this node's own book. */
export class Names {
  readonly #state: StateReader
  readonly #users: ReadonlyMap<Did, NamedUser>

  constructor(dependencies: { state: StateReader; users: readonly NamedUser[] }) {
    this.#state = dependencies.state
    this.#users = new Map(dependencies.users.map((user) => [user.did, user]))
  }

  organisations(): readonly { readonly did: Did; readonly name: string }[] {
    return network.members(this.#state, { removed: true })
  }

  organisation(did: Did): string | undefined {
    return this.organisations().find((member) => member.did === did)?.name
  }

  user(did: Did): NamedUser | undefined {
    return this.#users.get(did)
  }

  /** A user by the name of the organisation and their own. */
  userNamed(organisation: string, user: string): Did | undefined {
    return [...this.#users.values()].find((found) => found.organisation === organisation && found.user === user)?.did
  }

  /**
   * What to call an identity: `lakeside`, `physician of lakeside`, `the patient`, else its DID. Where it is told whose list
   * it is for, another patient is `another person`, with the DID.
   */
  display(did: Did, owner: Did = did): string {
    const user = this.#users.get(did)
    if (user !== undefined) return `${user.user} of ${user.organisation}`
    const isPatient = identity.identity(this.#state, did)?.kind === 'patient'
    return this.organisation(did) ?? (!isPatient ? did : did === owner ? 'the patient' : `another person (${did})`)
  }
}
