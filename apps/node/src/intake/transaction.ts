import type { Bundle } from '@medplum/fhirtypes'
import { records } from '@chiron/ledger'
import type { Gateway } from '../gateway/gateway.ts'
import type { Reader } from '../gateway/reader.ts'
import { isObject, type JsonObject } from './document.ts'

export interface TransactionOutcome {
  /** Resources written. */
  readonly written: number
  /** Canonical ids of the document's patients. */
  readonly patients: readonly string[]
}

interface Creation {
  readonly type: string
  readonly id: string
}

/**
 * Imports a transaction bundle: all of it, or nothing. The ids of new resources follow from the document and their
 * place in it, so that one that exists shows that the whole bundle was imported before.
 * @throws GatewayError, FhirError, LedgerRefusal, EngineError
 */
export async function importTransaction(gateway: Gateway, reader: Reader, hash: string, bundle: JsonObject, entries: readonly JsonObject[]): Promise<TransactionOutcome> {
  const { engine, vocabulary, ids } = gateway.services
  const idAt = (type: string, index: number): string => ids.imported(hash, `${type}/${index}`)
  const creations = entries.flatMap((entry, index): Creation[] => {
    const type = isObject(entry['resource']) ? entry['resource']['resourceType'] : undefined
    const isPost = isObject(entry['request']) && entry['request']['method'] === 'POST'
    return isPost && typeof type === 'string' ? [{ type, id: idAt(type, index) }] : []
  })
  const known = creations.some(({ type, id }) => records.recordHead(engine.state, vocabulary.record(type, id)) !== undefined)
  if (known) return { written: 0, patients: creations.flatMap(({ type, id }) => (type === 'Patient' ? [id] : [])) }
  const response = await gateway.handle(reader, { method: 'POST', path: [], query: [], body: bundle }, {
    newId: (type, entry) => idAt(type, entry.index),
    keepUnchanged: true,
  })
  const answers = (response.resource as Bundle).entry ?? []
  return { written: answers.filter((answer, index) => wrote(entries[index], answer.response?.status)).length, patients: patientsOf(gateway, entries, answers) }
}

/** A creation that found its match, and a read, are answered with 200, too. */
function wrote(entry: JsonObject | undefined, status: string | undefined): boolean {
  const method = isObject(entry?.['request']) ? entry['request']['method'] : undefined
  return status === '201' || (status === '200' && method === 'PUT') || (status === '204' && method === 'DELETE')
}

function patientsOf(gateway: Gateway, entries: readonly JsonObject[], answers: NonNullable<Bundle['entry']>): string[] {
  const patients = new Set<string>()
  for (const [index, entry] of entries.entries()) {
    const { resource } = entry
    if (!isObject(resource) || resource['resourceType'] !== 'Patient') continue
    const local = answers[index]?.response?.location?.split('/')[1] ?? resource['id']
    if (typeof local === 'string') patients.add(gateway.services.ids.canonical('Patient', local))
  }
  return [...patients]
}
