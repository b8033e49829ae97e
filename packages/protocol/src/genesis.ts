import * as v from 'valibot'
import { chainId, did, handle, jurisdiction, key32, memberName, salt, timeMs, uint } from './schema.ts'
import { keyholder } from './messages/records.ts'
import { parameterName } from './messages/network.ts'

const genesisIdentity = v.strictObject({ did, signingKey: key32, agreementKey: key32, inception: salt })

/**
 * The first state: members, who governs, who signs embedded blocks, keyholders. `sample` marks a sample network, on
 * which custodial wallets may grant. SPEC-GEN-1.
 */
export const genesis = v.strictObject({
  chainId,
  timeMs,
  sample: v.boolean(),
  members: v.array(v.strictObject({ ...genesisIdentity.entries, name: memberName, handle, jurisdiction: v.exactOptional(jurisdiction) })),
  governance: v.array(did),
  blockSigner: genesisIdentity,
  custody: v.strictObject({ keyholders: v.array(keyholder), threshold: uint }),
  parameters: v.array(v.strictObject({ name: parameterName, value: uint })),
})
export type Genesis = v.InferOutput<typeof genesis>
export type Keyholder = v.InferOutput<typeof keyholder>
