import { decodeCanonical, schema, sha256 } from '@chiron/protocol'
import { withWrongShares } from '@chiron/vault/testing'
import * as v from 'valibot'
import { kemOf, type Party } from './parties.ts'
import type { World } from './world.ts'

const signedParts = v.looseObject({ body: v.instance(Uint8Array) })
const requestParts = v.looseObject({ gateway: schema.did })

/** What a lying keyholder sends instead of its answer. */
export async function lie(world: World, owner: Party, request: Uint8Array, response: Uint8Array): Promise<Uint8Array> {
  const { body } = decodeCanonical(signedParts, request)
  const { gateway } = decodeCanonical(requestParts, body)
  const organisation = world.cast.organisations.find(({ did }) => did === gateway)
  if (organisation === undefined) return response
  const random = world.kernel.random.split(`lie ${world.checker.releases.length}`)
  return await withWrongShares(response, { keyholder: owner.did, request: sha256(body), recipient: await kemOf(organisation.name), sign: (message) => owner.sign(message), random: (n) => random.bytes(n) })
}
