import type { Did } from '@chiron/protocol'
import type { KemKeyPair } from '../hpke/suites.ts'
import type { Random } from '../random.ts'
import { openReleaseResponse, sealReleaseResponse, type ReleasedShare } from '../release/response.ts'

/** The answer of a keyholder that lies: signed by it and well-formed, every share changed. */
export async function withWrongShares(
  response: Uint8Array,
  parts: { readonly keyholder: Did; readonly request: Uint8Array; readonly recipient: KemKeyPair; readonly sign: (message: Uint8Array) => Uint8Array; readonly random: Random },
): Promise<Uint8Array> {
  const { keyholder, request, recipient, sign, random } = parts
  const { shares, refused } = await openReleaseResponse(response, { keyholder, signingKey: new Uint8Array(32), request, recipient }, () => true)
  const wrong = shares.map(([position, set, index, share, commitments]): ReleasedShare => [position, set, index, share.map((byte, at) => (at === 0 ? byte ^ 1 : byte)), commitments])
  return await sealReleaseResponse({ keyholder, request, recipient: { suite: recipient.suite, key: recipient.publicKey }, shares: wrong, refused }, { sign, random })
}
