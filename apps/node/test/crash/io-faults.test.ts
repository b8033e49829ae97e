import { afterEach, expect, test } from 'vitest'
import { readEnvironment } from '../../src/config/env.ts'
import { shimHindrance } from './io-shim.ts'
import { IoSweep, type IoCase } from './io-sweep.ts'
import { powerHindrance, PowerRig } from './power-rig.ts'
import { SeededRandom } from './random.ts'
import { KillRig } from './rig.ts'

const seed = Number(readEnvironment()['CHIRON_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32))
const skipped = shimHindrance === undefined ? '' : `; SKIPPED: ${shimHindrance}`
const CHANGES = ['write', 'flush', 'name'] as const
/** About as many changes of files as the script makes. */
const CALLS = 700

let sweep: IoSweep | undefined
afterEach(async () => {
  await sweep?.close()
  sweep = undefined
})

/** After each case the power goes, where it can be cut: what is answered after a flush has failed must be on the disk. */
function newSweep(): IoSweep {
  return new IoSweep(powerHindrance === undefined ? new PowerRig() : new KillRig(), seed)
}

test.skipIf(shimHindrance !== undefined)(`a flush that fails stops the node with what to do, or refuses the one write; nothing acknowledged is lost${skipped}`, async () => {
  sweep = newSweep()
  const failing = async (part: string) => await (sweep as IoSweep).run({ phase: 'script', fault: 'EIO', operations: ['flush'], at: 1, part })
  const stopsWith = (said: RegExp) => ({ became: 'stopped', output: expect.stringMatching(said) })
  expect(await failing('/ledger/blocks/')).toMatchObject(stopsWith(/^chiron: the ledger stopped after block \d+; .* appending a block to .* failed \(EIO\): check the disk before you start the node again$/m))
  expect(await failing('/ledger/state/')).toMatchObject(stopsWith(/^chiron: the ledger stopped after block \d+; .* committing to .* failed \(EIO\): check the disk before you start the node again$/m))
  expect(await failing('/shares/')).toMatchObject(stopsWith(/^chiron: writing shares to .* failed \(EIO\): check the disk before you start the node again$/m))
  expect(await failing('/lakeside/details/')).toMatchObject(stopsWith(/^chiron: keeping details in .* failed \(EIO\): check the disk before you start the node again$/m))
  for (const part of ['.pack.tmp', '/keys/patients/']) {
    const { became, refusals } = await failing(part)
    expect({ part, became, said: refusals.map(({ said }) => said) }).toEqual({ part, became: 'refused', said: [expect.stringMatching(/answered 503 .*the disk failed; the operator finds the reason in the log/)] })
  }
}, 600_000)

test.skipIf(shimHindrance !== undefined)(`a process that ends before, within or after any change of a file leaves all of a write or nothing (CHIRON_TEST_SEED=${seed})${skipped}`, async () => {
  sweep = newSweep()
  const random = new SeededRandom(seed)
  const cases: IoCase[] = (['before', 'within', 'after', 'ENOSPC'] as const).map((fault) => ({ phase: 'script', fault, operations: fault === 'within' || fault === 'ENOSPC' ? ['write'] : CHANGES, at: random.between(1, CALLS) }))
  for (const each of [...cases, { phase: 'start', fault: 'before', operations: CHANGES, at: random.between(1, 30) } as const]) {
    const { hit, became } = await sweep.run(each)
    const ends = each.fault !== 'ENOSPC' && hit !== undefined
    expect({ ...each, hit, became }).toEqual({ ...each, hit, became: ends ? 'crashed' : expect.stringMatching(/^(stopped|refused|served)$/) })
  }
}, 600_000)
