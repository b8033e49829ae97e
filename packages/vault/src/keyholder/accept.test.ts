import { custodyBatchRoot, equalBytes } from '@chiron/protocol'
import { describe, expect, it } from 'vitest'
import { Inbox } from '../custody/inbox.ts'
import type { PackageBody } from '../custody/package.ts'
import { TestNetwork, present } from '../testing/index.ts'
import { checkPackage } from './accept.ts'

async function dealtBody(): Promise<{ network: TestNetwork; body: PackageBody }> {
  const network = await TestNetwork.start(4)
  const batch = await network.deal(await network.sealRecords(2))
  const inbox = new Inbox({ chainId: 'chiron-test', did: present(network.identities[2]).did, keys: present(network.keys[2]) }, {
    memberKey: (did) => network.ledger.memberKey(did),
    verify: () => true,
  })
  return { network, body: (await inbox.open(present(batch.packages[2]))).body }
}

function flip(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte))
}

/** Changes one field of the second record of a body. */
function changed(body: PackageBody, field: number): PackageBody {
  const records = body.records.map((record, i) => (i === 1 ? record.map((value, at) => (at === field && value instanceof Uint8Array ? flip(value) : value)) : record))
  return { ...body, records: records as PackageBody['records'] }
}

describe('accepting a dishonest dealer\'s package', () => {
  it('takes an honest one', async () => {
    const { network, body } = await dealtBody()
    const shares = checkPackage(body, present(network.identities[2]).did, network.ledger)
    expect(shares).toHaveLength(2)
    expect(shares.every((share, i) => equalBytes(share.record, present(body.records[i])[0]))).toBe(true)
  })

  it('refuses a share, salt or record that does not fit the commitment, naming the place', async () => {
    const { network, body } = await dealtBody()
    for (const field of [0, 3, 6]) {
      expect(() => checkPackage(changed(body, field), present(network.identities[2]).did, network.ledger)).toThrow(
        expect.objectContaining({ code: 'ERR_VAULT_SHARE_INVALID', context: expect.objectContaining({ keyholder: 2 }) }),
      )
    }
  })

  it('refuses what does not give the batch root', async () => {
    const { network, body } = await dealtBody()
    const bodies = [changed(body, 2), changed(body, 4), changed(body, 5), { ...body, root: custodyBatchRoot([]) }, { ...body, records: body.records.slice(0, 1) }]
    for (const wrong of bodies) {
      expect(() => checkPackage(wrong, present(network.identities[2]).did, network.ledger)).toThrow(expect.objectContaining({ code: 'ERR_VAULT_BATCH_INVALID' }))
    }
  })

  it('refuses a missing commitment', async () => {
    const { network, body } = await dealtBody()
    const records = body.records.map((record) => record.map((value, at) => (at === 5 && value instanceof Uint8Array ? value.subarray(32) : value)))
    expect(() => checkPackage({ ...body, records: records as PackageBody['records'] }, present(network.identities[2]).did, network.ledger)).toThrow(
      expect.objectContaining({ code: 'ERR_VAULT_BATCH_INVALID' }),
    )
  })
})
