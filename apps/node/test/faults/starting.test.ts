import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChildNode } from '../crash/child-node.ts'
import { clientOf } from '../crash/workload.ts'
import { LaunchedNode } from './launched-node.ts'
import { flipByte, makeTemplate, valuesSeen, type Template } from './template.ts'

let template: Template
beforeAll(async () => {
  template = await makeTemplate()
})
afterAll(() => template.remove())

/** What `chiron up` prints when it does not start. */
async function refusal(directory: string, options: { port?: number; env?: Record<string, string> } = {}): Promise<string> {
  const node = new LaunchedNode(directory, options)
  const outcome = await Promise.race([node.ended, node.untilUp().then(() => undefined, () => node.ended)])
  if (outcome === undefined) await node.kill()
  expect(outcome).toMatchObject({ code: 1, stdout: '' })
  expect(outcome?.stderr.trim().split('\n')).toHaveLength(1)
  return outcome?.stderr.trim() ?? ''
}

describe('chiron up', () => {
  it('starts from an intact directory, and ends when it is told to', async () => {
    const node = new LaunchedNode(template.copy())
    expect((await fetch(`${await node.untilUp()}/health`)).status).toBe(200)
    expect(await node.stop()).toMatchObject({ code: 0 })
  })

  it('refuses a wrong master key', async () => {
    const key = join(template.root, 'other.key')
    writeFileSync(key, `${randomBytes(32).toString('hex')}\n`)
    expect(await refusal(template.copy(), { env: { CHIRON_MASTER_KEY_FILE: key } })).toBe(
      `chiron: ${key} is not the master key of this data: set CHIRON_MASTER_KEY_FILE to the right one, or CHIRON_DATA to the data it belongs to (ERR_KEY_MASTER_WRONG)`,
    )
  })

  it('refuses a file that is no master key', async () => {
    const key = join(template.root, 'none.key')
    writeFileSync(key, 'secret')
    expect(await refusal(template.copy(), { env: { CHIRON_MASTER_KEY_FILE: key } })).toMatch(/none\.key is no master key: it must hold 64 hexadecimal digits and nothing else \(ERR_KEY_MASTER_INVALID\)$/)
  })

  it('does not make another master key when it is missing, and starts with one that was moved', async () => {
    const directory = template.copy()
    const moved = join(template.root, 'moved.key')
    renameSync(join(directory, 'master.key'), moved)
    expect(await refusal(directory)).toMatch(/master\.key is missing: restore it, or set CHIRON_MASTER_KEY_FILE to where it is/)
    expect(readdirSync(directory)).not.toContain('master.key')
    const node = new LaunchedNode(directory, { env: { CHIRON_MASTER_KEY_FILE: moved } })
    await node.untilUp()
    await node.stop()
  })

  it('refuses a second node on one data directory, and names the first', async () => {
    const directory = template.copy()
    const first = new LaunchedNode(directory)
    await first.untilUp()
    expect(await refusal(directory)).toBe(`chiron: process ${first.pid} is running a node on ${directory}: stop it, or set CHIRON_DATA to another directory (ERR_STORAGE_LOCKED)`)
    expect((await fetch(`${await first.untilUp()}/health`)).status).toBe(200)
    await first.kill()
    const second = new LaunchedNode(directory)
    await second.untilUp()
    await second.stop()
  })

  it('says which port is in use, and what to do', async () => {
    const server = createServer().listen(0, 'localhost')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    expect(await refusal(template.copy(), { port })).toMatch(new RegExp(`^chiron: port ${port} is in use: stop what listens there, or choose another one with PORT`))
    await new Promise((resolve) => server.close(resolve))
  })

  it('names the height and the file of a block in which any byte is flipped', async () => {
    const name = readdirSync(join(template.data, 'ledger/blocks'))[0] as string
    const { length } = readFileSync(join(template.data, 'ledger/blocks', name))
    for (const offset of [60, Math.floor(length / 3), Math.floor(length / 2), length - 1]) {
      const directory = template.copy()
      const path = join(directory, 'ledger/blocks', name)
      flipByte(path, offset)
      expect(await refusal(directory)).toMatch(new RegExp(`^chiron: block \\d+ is damaged or missing in ${path}: restore this file from a backup or a replica; do not delete it \\(ERR_STORAGE_CORRUPT\\)$`))
    }
  })

  it('refuses a block log that lost its newest blocks', async () => {
    const directory = template.copy()
    const path = join(directory, 'ledger/blocks', readdirSync(join(directory, 'ledger/blocks'))[0] as string)
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.subarray(0, bytes.length >> 1))
    expect(await refusal(directory)).toMatch(/^chiron: block \d+ is damaged or missing in .*: restore this file from a backup/)
  })

  it('names a key file in which a byte is flipped', async () => {
    const directory = template.copy()
    const path = join(directory, 'keys', 'organisation.riverside.sealed')
    flipByte(path, -3)
    expect(await refusal(directory)).toBe(`chiron: the key file ${path} was changed: restore it from a backup (ERR_KEY_FILE_CORRUPT)`)
  })

  it('names the genesis when it is overwritten', async () => {
    const directory = template.copy()
    const path = join(directory, 'ledger/genesis.cbor')
    writeFileSync(path, randomBytes(400))
    expect(await refusal(directory)).toBe(`chiron: ${path} was changed: restore it from a backup (ERR_ENGINE_GENESIS)`)
  })

  it.each([
    ['ledger/state', /: move the directory .*ledger\/state away and start again; it is built anew from the blocks \(ERR_STORAGE_CORRUPT\)$/],
    ['keyholders/keyholder-1/shares', /: restore this keyholder's directory from a backup; with none, delete data.mdb.sum to go on with the shares that are whole \(ERR_STORAGE_CORRUPT\)$/],
    ['orgs/riverside/details', /: restore it from a backup, or move the directory .*orgs\/riverside\/details away/],
  ])('names %s when any byte of its database is flipped', async (folder, advice) => {
    const { length } = readFileSync(join(template.data, folder, 'data.mdb'))
    for (const offset of [20, length >> 1]) {
      const directory = template.copy()
      const path = join(directory, folder, 'data.mdb')
      flipByte(path, offset)
      const message = await refusal(directory)
      expect(message).toContain(`chiron: ${path} was changed while no node ran`)
      expect(message).toMatch(advice)
    }
  })

  it('builds the state again from the blocks when its directory was moved away', async () => {
    const directory = template.copy()
    rmSync(join(directory, 'ledger/state'), { recursive: true })
    const node = await ChildNode.start(directory)
    expect(await valuesSeen(clientOf(node, 'riverside'), template.patient)).toEqual(template.values)
    const { replayed, stateRoot } = await node.ask('replay', {})
    expect(replayed).toBe(stateRoot)
    await node.stop()
  })

})
