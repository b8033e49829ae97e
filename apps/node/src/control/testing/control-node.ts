import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadDefinitions } from '@chiron/fhir'
import { parseTrust, type Trust } from '@chiron/ledger/proofs'
import type { Reader } from '../../gateway/reader.ts'
import type { Gateway } from '../../gateway/gateway.ts'
import { MasterKey } from '../../keys/index.ts'
import { openNode, type OpenNode } from '../../network/open-node.ts'
import { openDataDirectory } from '../../storage/data-directory.ts'
import type { ControlFailure, OperationName, RequestOf, ResponseOf } from '../api.ts'
import { operations } from '../api.ts'
import { createControlApp, type ControlDependencies } from '../server.ts'
import { adminReader } from '../sessions.ts'

/** A sample network in this process and in a directory of its own, with the control API in front of it. */
export class ControlNode {
  readonly #root: string
  readonly node: OpenNode
  readonly dependencies: ControlDependencies
  readonly failures: unknown[] = []
  readonly trust: Trust

  private constructor(root: string, node: OpenNode, trust: Trust) {
    this.#root = root
    this.node = node
    this.trust = trust
    this.dependencies = {
      ...node,
      users: { signerFor: (organisation, user) => node.identities.users.find((found) => found.organisation === organisation && found.user === user)?.identity },
      organisations: (name) => node.identities.organisations.get(name),
      url: 'http://localhost:1',
      dataDirectory: root,
      version: '0.0.0',
      now: () => Date.now(),
      onFailure: (error) => this.failures.push(error),
    }
  }

  static async open(): Promise<ControlNode> {
    loadDefinitions(readFileSync(fileURLToPath(import.meta.resolve('@chiron/fhir/definitions.json')), 'utf8'))
    const root = mkdtempSync(join(tmpdir(), 'chiron-control-'))
    const directory = openDataDirectory(root)
    const node = await openNode(
      { directory, masterKey: MasterKey.open(directory.masterKey, directory.keys), publicUrl: 'http://localhost:1', keyholders: 1 },
      { now: () => Date.now(), onFailure: () => undefined, onHalt: () => undefined, onProgress: () => undefined },
    )
    return new ControlNode(root, node, parseTrust(JSON.parse(readFileSync(directory.trust, 'utf8'))))
  }

  gateway(name: string): Gateway {
    return this.node.gateways.get(name) as Gateway
  }

  async admin(organisation: string): Promise<Reader> {
    return await adminReader(this.dependencies, organisation)
  }

  /** Sends a request as the command does; any answer. */
  async send(method: string, path: string, body?: unknown, dependencies: ControlDependencies = this.dependencies): Promise<{ status: number; text: string }> {
    const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await createControlApp(dependencies).request(path, { method, ...content })
    return { status: response.status, text: await response.text() }
  }

  async call<N extends OperationName>(name: N, request: RequestOf<N>): Promise<ResponseOf<N>> {
    const { status, text } = await this.#ask(name, request)
    if (status !== 200) throw new TypeError(`${name} was refused: ${text}`)
    return JSON.parse(text) as ResponseOf<N>
  }

  /** What the node answers to a request that it must refuse. */
  async refusal<N extends OperationName>(name: N, request: RequestOf<N>): Promise<ControlFailure & { readonly status: number }> {
    const { status, text } = await this.#ask(name, request)
    if (status === 200) throw new TypeError(`${name} was not refused`)
    return { status, ...(JSON.parse(text) as ControlFailure) }
  }

  async close(): Promise<void> {
    await this.node.close()
    rmSync(this.#root, { recursive: true, force: true })
  }

  async #ask<N extends OperationName>(name: N, request: RequestOf<N>): Promise<{ status: number; text: string }> {
    const { method, path } = operations[name]
    const fields = { ...(request as Record<string, unknown>) }
    const address = path.replace(/:(\w+)/g, (_, field: string) => {
      const value = String(fields[field])
      delete fields[field]
      return value
    })
    if (method === 'POST') return await this.send(method, address, fields)
    return await this.send(method, `${address}?${new URLSearchParams(fields as Record<string, string>)}`)
  }
}
