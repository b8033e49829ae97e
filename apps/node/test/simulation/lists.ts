import { decodeHeader, patientTagKey, toHex, type Handle } from '@chiron/protocol'
import { access, CommittedState } from '@chiron/ledger'
import { buildAuditList, verifyAuditList } from '@chiron/sdk/audit'
import { readBlock, genesisHash } from '../../src/engine/embedded/chain.ts'
import { readEngineHead } from '../../src/engine/embedded/records.ts'
import { Vocabulary } from '../../src/gateway/vocabulary.ts'
import { textOf } from './checker.ts'
import { patientId } from './config.ts'
import type { World } from './world.ts'

/** P3: each patient's list has every entry, one of them is proven offline, and they name every access under which a share was released. */
export function checkLists(world: World): void {
  const { checker, cast, disks, config } = world
  const vocabulary = new Vocabulary(cast.vocabularyKey)
  const app = readEngineHead(disks.state)?.app
  const newest = checker.blocks.at(-1)
  if (app === undefined || newest === undefined) return checker.fail('P4', 'the ledger has no state')
  const { header, signer, signature } = readBlock(newest, checker.height).block
  const state = new CommittedState(disks.state)
  const listed = new Set<string>()
  const proven = config.seed % 4 === 0 ? (config.seed / 4) % config.patients : -1
  for (let at = 0; at < config.patients; at++) {
    const handle = vocabulary.patientHandle(patientId(at))
    const expected = checker.model().entries.get(toHex(handle)) ?? 0
    if (expected === 0) continue
    if (state.listSize('accesses', handle) !== expected) checker.fail('P3', 'a list lost or gained entries')
    if (at === proven) prove(world, handle, expected, { app, signed: { header, signer, signature } })
    for (const [, entry] of access.accessEntries(state, handle)) if (entry.kind === 'open') listed.add(toHex(entry.access))
  }
  if (decodeHeader(header).height !== checker.height) checker.fail('P4', 'the newest block is not the newest')
  for (const release of checker.releases) if (!listed.has(release.access)) checker.fail('P3', 'a share was released under an access that no list has')
}

function prove({ checker, cast, genesis, disks }: World, handle: Handle, expected: number, head: Parameters<typeof buildAuditList>[1]): void {
  const trust = { chainId: genesis.chainId, genesisHash: genesisHash(genesis), signers: [{ did: genesis.blockSigner.did, publicKey: genesis.blockSigner.signingKey }] }
  try {
    const rows = buildAuditList(disks.state, head, { handle, tagKey: patientTagKey(cast.vocabularyKey, handle) })
    const { rows: proven } = verifyAuditList(JSON.parse(JSON.stringify(rows)) as unknown[], trust)
    if (proven.length !== expected) checker.fail('P3', `a list proves ${proven.length} entries of ${expected}`)
  } catch (error) {
    checker.fail('P3', `the list of a patient cannot be proven: ${textOf(error)}`)
  }
}
